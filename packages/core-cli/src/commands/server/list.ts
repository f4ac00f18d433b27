import { boolean, string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import type { Style } from '../../output/style.ts';
import { warnOnce } from '../../installation/warn-once.ts';
import { cachedServers, type ServerListing } from '../../server/listing.ts';
import { configurationOf, select } from '../../session/workspace.ts';

export default class ServerList extends ProvisioningCommand {
  static override summary = 'List servers and their state';
  static override description =
    'The list comes from the local state, which every plan and deploy brings up to date. The providers are asked with\n--refresh, and when something that was begun has not come to its end. --all adds servers that are only defined.';
  static override spec: CommandSpec = { access: '-' };
  static override examples = [
    'provisioning server list',
    'provisioning s list --status running --out json',
    `provisioning server list --filter 'memory >= 1024 && provider == "local"'`,
  ];
  static override flags = {
    detailed: boolean({ description: 'more columns' }),
    all: boolean({ description: 'also servers that are only defined' }),
    refresh: boolean({ description: 'ask the providers first' }),
    cached: boolean({ description: 'never ask the providers' }),
    status: {
      ...string({ description: 'only servers in this state; without a value: more columns' }),
      optionalValue: 'any',
    },
    filter: string({ description: 'only servers for which this expression holds' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(ServerList);
    const selection = await select(this, 'optional');
    // A file of the configuration that does not load stops every command, also one that needs nothing of it (02 §1).
    await configurationOf(this, selection);
    await warnOnce(this);
    let servers: readonly ServerListing[] = await cachedServers(selection, selection.infra);
    const unfinished = servers.some(({ unfinished: begun }) => begun === true);
    if (!flags.cached && (flags.refresh || unfinished)) {
      await this.#refresh(servers);
      servers = await cachedServers(selection, selection.infra);
    }
    if (flags.all) servers = [...servers, ...(await this.#planned(servers))];
    if (flags.status !== undefined && flags.status !== 'any') {
      const wanted = flags.status.toLowerCase();
      servers = servers.filter(({ status }) => status === wanted);
    }
    if (flags.filter !== undefined) {
      const { compileExpression } = await import('@provisioning/core');
      const holds = compileExpression(flags.filter, 'filter');
      servers = servers.filter((server) => holds({ ...server }) === true);
    }
    const detailed = flags.detailed || flags.status === 'any' || this.globals.verbose;
    await this.out.list(
      servers.map(({ unfinished: _unfinished, updated_at: _time, ...server }) => server),
      columnsOf(detailed),
      'servers',
    );
  }

  async #refresh(known: readonly ServerListing[]): Promise<void> {
    const { openInfrastructure } = await import('../../session/infrastructure.ts');
    const { refreshServers } = await import('../../server/refresh.ts');
    await using session = await openInfrastructure(this);
    for (const { provider } of (await refreshServers(session)).unreachable) {
      const times = known
        .filter((server) => server.provider === provider)
        .map(({ updated_at }) => updated_at);
      const newest = times
        .filter((time) => time !== undefined)
        .sort()
        .at(-1);
      this.out.warn(`${provider} unreachable, showing state of ${newest ?? 'no time: nothing is known'}`);
    }
  }

  async #planned(known: readonly ServerListing[]): Promise<ServerListing[]> {
    const { loadDefinition } = await import('../../session/infrastructure.ts');
    const selection = await select(this, 'required');
    const { name, servers } = await loadDefinition(this, selection, await configurationOf(this, selection));
    const there = new Set(known.map(({ hostname }) => hostname));
    return servers
      .filter(({ hostname }) => !there.has(hostname))
      .map((server) => ({
        name: server.hostname,
        hostname: server.hostname,
        provider: server.provider,
        plan: server.plan,
        zone: server.zone,
        cores: server.cores,
        memory: server.memory,
        ip_address: null,
        status: 'planned',
        infra: name,
        tags: server.tags,
        id: null,
      }));
  }
}

type ListColumns = Parameters<ProvisioningCommand['out']['list']>[1];

function columnsOf(detailed: boolean): ListColumns {
  const columns = [
    { title: 'HOSTNAME', value: (row: ServerListing) => row.hostname },
    { title: 'PROVIDER', value: (row: ServerListing) => row.provider },
    { title: 'CORES', value: (row: ServerListing) => row.cores, align: 'right' as const },
    { title: 'MEMORY', value: (row: ServerListing) => `${row.memory} MB`, align: 'right' as const },
    { title: 'IP ADDRESS', value: (row: ServerListing) => row.ip_address },
    {
      title: 'STATUS',
      value: (row: ServerListing) => row.status,
      paint: (text: string, row: ServerListing, style: Style) => paintState(text, row.status, style),
    },
    ...(detailed
      ? [
          { title: 'PLAN', value: (row: ServerListing) => row.plan },
          { title: 'ZONE', value: (row: ServerListing) => row.zone },
          { title: 'INFRA', value: (row: ServerListing) => row.infra },
          { title: 'ID', value: (row: ServerListing) => row.id },
        ]
      : []),
  ];
  return columns as unknown as ListColumns;
}

/** The colour of a server's state. */
export function paintState(text: string, state: string, style: Style): string {
  if (state === 'running') return style.good(text);
  if (state === 'error' || state === 'stopped') return style.bad(text);
  return state === 'planned' || state === 'unknown' ? style.dim(text) : style.warn(text);
}
