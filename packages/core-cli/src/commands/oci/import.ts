import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { resolve } from 'node:path';
import { importBundle, splitPlace } from '@provisioning/distribution';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { registryFlags } from '../../oci/flags.ts';
import { openArtifacts } from '../../oci/session.ts';
import { printTransfers } from '../../oci/transfers.ts';

export default class OciImport extends ProvisioningCommand {
  static override summary = 'Read a bundle into the cache or into a registry';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create', slow: true };
  static override examples = [
    'provisioning oci import bundle.tar',
    'provisioning oci import bundle.tar --to localhost:5000/provisioning-extensions',
  ];
  static override args = { file: argument({ required: true, description: 'bundle made by oci export' }) };
  static override flags = {
    ...registryFlags,
    to: string({ description: 'host/namespace; default the cache' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(OciImport);
    await using session = await openArtifacts(this, flags);
    const { artifacts } = session;
    const to = flags.to === undefined ? undefined : splitPlace(flags.to);
    const target =
      to === undefined
        ? undefined
        : {
            place: artifacts.place(to.registry),
            ...(to.namespace === undefined ? {} : { namespace: to.namespace }),
          };
    const file = resolve(this.runtime.cwd, args.file!);
    const transfers = await importBundle(artifacts, file, target, this.globals.check);
    await printTransfers(
      this,
      transfers,
      (copied, present) =>
        `Imported ${copied}${flags.to === undefined ? ' into the cache' : ''}, present ${present}`,
    );
  }
}
