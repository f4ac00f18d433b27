import type { Infrastructure, InfrastructureState } from '@provisioning/core';
import { canonicalServer } from '@provisioning/core';
import { applyDefaults, type OperationNode, ProvisioningError, Server } from '@provisioning/extensions-sdk';
import { findings } from '@provisioning/service-kit';

/** A server by name, or its definition (13 §4). */
export type WantedServer = string | Readonly<Record<string, unknown>>;

export const serverVerbs = ['create', 'update', 'delete', 'start', 'stop', 'restart', 'resize'] as const;
export type ServerVerb = (typeof serverVerbs)[number];

export interface ServerWork {
  readonly verb: ServerVerb;
  /** Absent: all that are defined. */
  readonly servers?: readonly WantedServer[];
  readonly plan?: string;
  readonly keepStorage?: boolean;
  readonly force?: boolean;
}

interface Known {
  readonly hostname: string;
  readonly provider: string;
  readonly lock?: boolean;
}

/**
 * The operations of a server workflow. Providers are asked when an operation runs, not here: what is as wished already
 * stays as it is, and a request is answered at once.
 * @throws ProvisioningError `SERVER_NOT_FOUND` (404), `VALIDATION_FAILED` (422)
 */
export function serverNodes(
  definition: Infrastructure,
  state: InfrastructureState,
  work: ServerWork,
): OperationNode[] {
  const { verb } = work;
  if (verb === 'create' || verb === 'update') {
    return wanted(definition, work.servers).map((server) =>
      node('server', server.hostname, 'create', { server }),
    );
  }
  if (verb === 'resize') {
    const plan = work.plan!;
    return wanted(definition, work.servers).map((server) =>
      node('resize', server.hostname, 'create', { server: { ...server, plan } }),
    );
  }
  const all = [...definition.servers.map(known), ...strays(definition, state)];
  const names =
    work.servers ?? (verb === 'delete' ? all : definition.servers).map(({ hostname }) => hostname);
  return names.map((name) => {
    const server = all.find(({ hostname }) => hostname === nameOf(name));
    if (!server) throw serverNotFound(nameOf(name), all);
    const input =
      verb === 'delete'
        ? { server, keep_storage: work.keepStorage ?? false, force: work.force ?? false }
        : { server, force: work.force ?? false };
    return node(verb, server.hostname, verb, input);
  });
}

/** Servers to be made as the definition, or the request itself, says. */
function wanted(definition: Infrastructure, servers: readonly WantedServer[] | undefined): readonly Server[] {
  if (servers === undefined) return definition.servers;
  return servers.map((entry, index) => {
    if (typeof entry !== 'string') return definedServer(definition, entry, `/servers/${index}`);
    const server = definition.servers.find(({ hostname }) => hostname === entry);
    if (server) return server;
    throw serverNotFound(entry, definition.servers.map(known));
  });
}

/** A server from its definition in a request; what it leaves open comes from the infrastructure's own defaults. */
export function definedServer(
  definition: Infrastructure,
  entry: Readonly<Record<string, unknown>>,
  path: string,
): Server {
  const known = definition.servers.find(({ hostname }) => hostname === nameOf(entry));
  const server: Record<string, unknown> = {
    ...(known ?? { provider: definition.servers[0]?.provider ?? 'local' }),
    ...canonicalServer({ ...entry }),
  };
  applyDefaults(Server, server);
  const found = findings(Server, server);
  if (found.length === 0) return server as Server;
  throw new ProvisioningError({
    code: 'VALIDATION_FAILED',
    kind: 'usage',
    message: `${path}${found[0]!.path}: ${found[0]!.message}`,
    details: found.map((finding) => ({ ...finding, path: path + finding.path })),
  });
}

function strays(definition: Infrastructure, state: InfrastructureState): Known[] {
  const defined = new Set(definition.servers.map(({ hostname }) => hostname));
  return Object.entries(state.servers)
    .filter(([hostname]) => !defined.has(hostname))
    .map(([hostname, { provider }]) => ({ hostname, provider }));
}

function known({ hostname, provider, lock }: Server): Known {
  return { hostname, provider, lock };
}

function nameOf(server: WantedServer): string {
  return typeof server === 'string' ? server : String(server['hostname'] ?? server['name'] ?? '');
}

function node(prefix: string, hostname: string, verb: string, input: object): OperationNode {
  return {
    id: `${prefix}-${hostname}`,
    type: `server.${verb}`,
    name: hostname,
    input,
    dependencies: [],
    resources: [`server/${hostname}`],
  };
}

export function serverNotFound(
  name: string,
  known: readonly { readonly hostname: string }[],
): ProvisioningError {
  const names = known.map(({ hostname }) => hostname);
  return new ProvisioningError({
    code: 'SERVER_NOT_FOUND',
    kind: 'not-found',
    message: `Server not found: ${name}`,
    hint: names.length === 0 ? 'There are no servers' : `Servers: ${names.slice(0, 20).join(', ')}`,
  });
}
