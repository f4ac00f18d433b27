import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { ProvisioningError, type ServerState, serverStates } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

export default class ProviderListServers extends ProvisioningCommand {
  static override summary = 'List the servers that a provider has, as it reports them';
  static override spec: CommandSpec = { access: 'r' };
  static override examples = [
    'provisioning provider list-servers local',
    'provisioning provider list-servers hetzner --zone fsn1 --status running --out json',
  ];
  static override args = { provider: argument({ description: 'name; default the configured one' }) };
  static override flags = {
    zone: string({ description: 'only those in a zone' }),
    status: string({ description: 'only those in a state' }),
    all: boolean({ description: 'also those that are not ours' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ProviderListServers);
    const { status } = flags;
    if (status !== undefined && !serverStates.includes(status as ServerState)) {
      throw new ProvisioningError({
        code: 'UNKNOWN_STATUS',
        kind: 'usage',
        message: `Unknown status: ${status}. Valid: ${serverStates.join(', ')}`,
      });
    }
    await using session = await openInfrastructure(this);
    const configured = session.configuration.get('providers.default');
    const name = args.provider ?? (typeof configured === 'string' ? configured : 'local');
    const servers = await (
      await session.context.provider(name)
    ).listServers({
      all: flags.all,
      signal: this.signal,
      ...(flags.zone === undefined ? {} : { zone: flags.zone }),
      ...(status === undefined ? {} : { status: status as ServerState }),
    });
    await this.out.list(
      servers.map(({ raw: _raw, ...server }) => server),
      [
        { title: 'HOSTNAME', value: (row) => row.hostname },
        { title: 'ID', value: (row) => row.id },
        { title: 'STATUS', value: (row) => row.status },
        { title: 'PLAN', value: (row) => row.plan || '-' },
        { title: 'ZONE', value: (row) => row.zone },
        { title: 'ADDRESS', value: (row) => row.ip_addresses.public ?? row.ip_addresses.private ?? '-' },
      ],
      'servers',
    );
  }
}
