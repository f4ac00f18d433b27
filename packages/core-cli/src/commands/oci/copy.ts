import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { copyArtifact } from '@provisioning/distribution';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { registryFlags } from '../../oci/flags.ts';
import { openArtifacts } from '../../oci/session.ts';
import { printTransfers } from '../../oci/transfers.ts';

export default class OciCopy extends ProvisioningCommand {
  static override summary = 'Copy an extension to another registry, repository or layout';
  static override spec: CommandSpec = { access: 'w', workspace: false, sideEffect: 'create' };
  static override examples = ['provisioning oci copy redis:1.0.0 registry.example.com/mirror/redis:1.0.0'];
  static override args = {
    source: argument({ required: true, description: 'reference to copy' }),
    destination: argument({
      required: true,
      description: 'host/repository[:tag] or layout:<folder>/name[:tag]',
    }),
  };
  static override flags = {
    ...registryFlags,
    recursive: boolean({ description: 'with its dependencies' }),
    'no-referrers': boolean({ description: 'without signatures and other referrers' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(OciCopy);
    await using session = await openArtifacts(this, flags);
    const transfers = await copyArtifact(session.artifacts, args.source!, args.destination!, {
      recursive: flags.recursive,
      referrers: !flags['no-referrers'],
      check: this.globals.check,
    });
    await printTransfers(this, transfers, (copied, present) => `Copied ${copied}, present ${present}`);
  }
}
