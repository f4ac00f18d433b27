import { string as argument } from '@oclif/core/args';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { counted } from '../../output/counted.ts';
import { paintState } from './list.ts';
import { findServer } from '../../server/find.ts';
import { addressOf } from '../../server/listing.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

export default class ServerInfo extends ProvisioningCommand {
  static override summary = 'Show a server as its provider reports it';
  static override spec: CommandSpec = { access: '-' };
  static override examples = [
    'provisioning server info web-01',
    'provisioning server info web-01 --out yaml',
  ];
  static override args = { server: argument({ required: true, description: 'hostname' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(ServerInfo);
    await using session = await openInfrastructure(this);
    const found = await findServer(session, args.server);
    const provider = await session.context.provider(found.provider);
    const observed = await provider.getServer({ hostname: found.hostname }, { signal: this.signal });
    const defined = session.infrastructure.servers.find(({ hostname }) => hostname === found.hostname);
    const taskservs = defined?.taskservs.map(({ name }) => name) ?? [];
    if (!observed) {
      const planned = { hostname: found.hostname, provider: found.provider, status: 'planned', taskservs };
      await this.out.result(planned, () => [`${found.hostname} is defined and not created yet`]);
      return;
    }
    const { raw: _, ...server } = observed;
    const { style } = this.out;
    await this.out.result({ ...server, ip_address: addressOf({ ...server.ip_addresses }), taskservs }, () => [
      `${style.strong(server.hostname)}  ${paintState(server.status, server.status, style)}`,
      `  Provider:   ${server.provider} (${server.id})`,
      `  Plan:       ${server.plan || '-'}, ${counted(server.cores, 'core')}, ${server.memory} MB memory, ${server.disk} GB disk`,
      `  Zone:       ${server.zone}`,
      `  System:     ${server.os}`,
      ...Object.entries(server.ip_addresses).map(
        ([kind, address]) => `  Address:    ${String(address)} (${kind})`,
      ),
      ...Object.entries(server.published_ports ?? {}).map(
        ([inner, outer]) => `  Port:       ${inner} at 127.0.0.1:${outer}`,
      ),
      `  Created:    ${server.created_at}`,
      `  Taskservs:  ${taskservs.join(', ') || '-'}`,
    ]);
  }
}
