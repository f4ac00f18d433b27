import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { applyNetwork } from '../../network/apply.ts';

export default class NetworkCreate extends ProvisioningCommand {
  static override summary = 'Create the network of the infrastructure; what is there is reused';
  static override description =
    'The VPC with its subnets at every provider that servers are defined for, then the load balancers.';
  static override spec: CommandSpec = { access: 'm', sideEffect: 'create', slow: true };
  static override examples = ['provisioning network create --check', 'provisioning network create --yes'];

  async run(): Promise<void> {
    await this.parse(NetworkCreate);
    await applyNetwork(this, 'create');
  }
}
