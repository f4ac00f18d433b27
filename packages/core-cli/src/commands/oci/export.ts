import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { resolve } from 'node:path';
import { exportBundle, readLock } from '@provisioning/distribution';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { registryFlags } from '../../oci/flags.ts';
import { platformImages } from '../../oci/platform-images.ts';
import { openArtifacts } from '../../oci/session.ts';
import { printTransfers } from '../../oci/transfers.ts';

export default class OciExport extends ProvisioningCommand {
  static override summary = 'Write extensions with their signatures into one file';
  static override spec: CommandSpec = { access: 'r', workspace: false, sideEffect: 'none', slow: true };
  static override examples = [
    'provisioning oci export bundle.tar --lock --platform-images',
    'provisioning oci export bundle.tar redis:1.0.0 postgres:15.5.0',
  ];
  static override args = {
    file: argument({ required: true, description: 'the bundle to write (.tar)' }),
    references: argument({ multiple: true, description: 'extensions to put into it' }),
  };
  static override flags = {
    ...registryFlags,
    lock: boolean({ description: 'what the lock of the workspace names' }),
    'platform-images': boolean({ description: 'also the images in dependencies.platform.images' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(OciExport);
    await using session = await openArtifacts(this, flags);
    const lock =
      flags.lock && session.selection !== undefined ? await readLock(session.selection.path) : undefined;
    const references = [
      ...(args.references ?? []),
      ...(lock?.packages ?? []).map(({ reference }) => reference),
    ];
    const images = flags['platform-images'] ? platformImages(session) : [];
    if (references.length + images.length === 0) {
      throw new ProvisioningError({
        code: 'NOTHING_TO_EXPORT',
        kind: 'usage',
        message: 'Nothing to export: name references, or use --lock in a workspace that has a lock file',
      });
    }
    const file = resolve(this.runtime.cwd, args.file!);
    const transfers = await exportBundle(session.artifacts, file, references, {
      images,
      check: this.globals.check,
    });
    await printTransfers(
      this,
      transfers,
      (copied) => `Wrote ${copied} artifact${copied === 1 ? '' : 's'} to ${file}`,
    );
  }
}
