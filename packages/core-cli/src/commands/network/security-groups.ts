import type { FirewallRule } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

interface Row extends FirewallRule {
  readonly server: string;
  readonly position: number;
}

export default class NetworkSecurityGroups extends ProvisioningCommand {
  static override summary = 'Show the rules that hold for each server';
  static override description =
    'Rules of the server, then those of its security groups, in the order in which they count; the first that fits decides.';
  static override spec: CommandSpec = { access: '-' };
  static override examples = [
    'provisioning network security-groups',
    'provisioning network security-groups --out json',
  ];

  async run(): Promise<void> {
    await this.parse(NetworkSecurityGroups);
    await using session = await openInfrastructure(this);
    const rows = session.infrastructure.servers.flatMap(({ hostname, firewall_rules: rules }) =>
      rules.map((rule, index): Row => ({ server: hostname, position: index + 1, ...rule })),
    );
    await this.out.list(
      rows,
      [
        { title: 'SERVER', value: ({ server }) => server },
        { title: 'RULE', value: ({ position }) => position, align: 'right' },
        { title: 'DIRECTION', value: ({ direction }) => direction },
        { title: 'PROTOCOL', value: ({ protocol }) => protocol },
        { title: 'PORT', value: ({ port }) => String(port) },
        { title: 'SOURCE', value: ({ source }) => source },
        { title: 'ACTION', value: ({ action }) => action },
      ],
      'rules',
    );
  }
}
