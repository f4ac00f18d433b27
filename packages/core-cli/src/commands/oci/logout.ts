import { string as argument } from '@oclif/core/args';
import { logout } from '@provisioning/distribution';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { registryFlags } from '../../oci/flags.ts';
import { openArtifacts } from '../../oci/session.ts';

export default class OciLogout extends ProvisioningCommand {
  static override summary = 'Forget the credentials of a registry';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = ['provisioning oci logout registry.example.com'];
  static override args = { registry: argument({ required: true, description: 'host[:port]' }) };
  static override flags = {
    ...registryFlags,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(OciLogout);
    await using session = await openArtifacts(this, { ...flags, registry: args.registry });
    const host = session.artifacts.settings.registry;
    const removed = await logout(session.artifacts, host, this.globals.check);
    const verb = this.globals.check ? 'Would log out' : 'Logged out';
    await this.out.result({ registry: host, removed: removed && !this.globals.check }, () => [
      removed ? `${this.out.style.mark('ok')} ${verb} of ${host}` : `Not logged in to ${host}`,
    ]);
  }
}
