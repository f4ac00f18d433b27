import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { applyNetwork } from '../../network/apply.ts';

export default class NetworkUpdate extends ProvisioningCommand {
  static override summary = 'Bring the network to its definition';
  static override description =
    'Creates what is missing and gives load balancers the servers they have now. Nothing is deleted: servers may use it.';
  static override spec: CommandSpec = { access: 'm', sideEffect: 'update', slow: true };
  static override examples = ['provisioning network update --check', 'provisioning network update --yes'];

  async run(): Promise<void> {
    await this.parse(NetworkUpdate);
    await applyNetwork(this, 'update');
  }
}
