import type { Network } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';
import { counted } from '../../output/counted.ts';

export default class NetworkShow extends ProvisioningCommand {
  static override summary = 'Show the network of the infrastructure as defined';
  static override spec: CommandSpec = { access: '-' };
  static override examples = ['provisioning network show', 'provisioning network show --out json'];

  async run(): Promise<void> {
    await this.parse(NetworkShow);
    await using session = await openInfrastructure(this);
    const network = session.infrastructure.network as Network;
    const { vpc, subnets = [], security_groups: groups = [], load_balancers: balancers = [] } = network;
    await this.out.result(network, () => {
      if (vpc === undefined && subnets.length + groups.length + balancers.length === 0)
        return ['No network is defined: every server is in the network of its provider'];
      return [
        ...(vpc === undefined ? [] : [`VPC: ${vpc.name} (${vpc.cidr})`]),
        ...subnets.map(
          ({ name, cidr, public: open }) => `Subnet: ${name} (${cidr}${open ? ', public' : ''})`,
        ),
        ...groups.map(({ name, rules }) => `Security group: ${name} (${counted(rules.length, 'rule')})`),
        ...balancers.map(
          ({ name, targets, listeners }) =>
            `Load balancer: ${name} (ports ${listeners.map(({ port }) => port).join(', ')} -> ${targets.join(', ')})`,
        ),
      ];
    });
  }
}
