import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { deleteArtifact } from '@provisioning/distribution';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { registryFlags } from '../../oci/flags.ts';
import { openArtifacts } from '../../oci/session.ts';

export default class OciDelete extends ProvisioningCommand {
  static override summary = 'Delete a version from the registry';
  static override spec: CommandSpec = { access: 'd', workspace: false, sideEffect: 'delete' };
  static override examples = ['provisioning oci delete redis:1.0.0 --yes'];
  static override args = { reference: argument({ required: true, description: '<name>:<version>' }) };
  static override flags = {
    ...registryFlags,
    force: boolean({ description: 'do not ask; also when other tags share the content' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(OciDelete);
    await using session = await openArtifacts(this, flags);
    if (!flags.force) await this.confirm(`Delete ${args.reference}? This cannot be undone`);
    const result = await deleteArtifact(session.artifacts, args.reference!, {
      force: flags.force,
      check: this.globals.check,
    });
    await this.out.result(result, () => [
      `${this.out.style.mark('ok')} ${result.deleted ? 'Deleted' : 'Would delete'} ${result.reference}`,
    ]);
  }
}
