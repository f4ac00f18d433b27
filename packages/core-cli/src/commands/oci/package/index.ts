import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { resolve } from 'node:path';
import { readManifest, writeFileAtomic } from '@provisioning/core';
import { packExtension } from '@provisioning/distribution';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';

export default class OciPackage extends ProvisioningCommand {
  static override summary = 'Pack an extension into an archive';
  static override description = 'The same content gives the same digest, on every machine.';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = ['provisioning oci package ./redis'];
  static override args = { path: argument({ required: true, description: 'folder of the extension' }) };
  static override flags = {
    output: string({ description: 'folder that receives the archive', default: '.' }),
    version: string({ description: 'must equal the manifest' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(OciPackage);
    const { cwd } = this.runtime;
    const epoch = this.runtime.environment['SOURCE_DATE_EPOCH'];
    const packed = await packExtension(resolve(cwd, args.path!), {
      readManifest: async (folder) => (await readManifest(folder)).manifest,
      ...(epoch === undefined ? {} : { modified: Number(epoch) }),
    });
    if (flags.version !== undefined && flags.version !== packed.manifest.version) {
      throw new ProvisioningError({
        code: 'NAME_MISMATCH',
        kind: 'usage',
        message: `Manifest says ${packed.manifest.name} ${packed.manifest.version}, not ${packed.manifest.name} ${flags.version}`,
      });
    }
    const file = resolve(cwd, flags.output, packed.fileName);
    if (!this.globals.check) await writeFileAtomic(file, packed.archive, 0o644);
    await this.out.result({ path: file, digest: packed.digest, size: packed.archive.length }, () => [
      file,
      packed.digest,
    ]);
  }
}
