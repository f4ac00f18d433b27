import {
  type Cluster,
  type Component,
  ProvisioningError,
  Server,
  applyDefaults,
} from '@provisioning/extensions-sdk';
import type { Data } from '../config/document.ts';
import { isRecord, mergeData } from '../config/merge.ts';
import type { Infrastructure } from '../infra/index.ts';
import { canonicalServer } from '../infra/server-aliases.ts';
import { memberName } from '../infra/servers.ts';
import type { Placement } from './placement.ts';
import { requirementsNotMet } from './requirements.ts';

/** Where the components of a cluster go. */
export interface Layout {
  /** Servers of the infrastructure, and those that the cluster brings along. */
  readonly servers: readonly Server[];
  /** Hostnames by component. */
  readonly placement: Placement;
}

export interface LayoutOptions {
  /** Servers of a component by name, over the definition's count. */
  readonly scale?: Readonly<Record<string, number>>;
  /** Provider of servers whose component names none. */
  readonly provider?: string;
  /** Hostnames the cluster may use; all by default. */
  readonly only?: readonly string[];
  /** Places of components that another cluster has, such as the database beside a canary. */
  readonly known?: Placement;
}

/**
 * Places the components in their order: a component of type server adds servers, the others choose among those there
 * are by then (05 §5.1, 07 §5.2).
 * @throws ProvisioningError `CLUSTER_COMPONENT_TYPE`, `SERVER_NOT_FOUND`, `CLUSTER_REQUIREMENTS`.
 */
export function layOut(
  infrastructure: Infrastructure,
  cluster: Cluster,
  components: readonly Component[],
  options: LayoutOptions = {},
): Layout {
  const { only, scale = {} } = options;
  let servers = infrastructure.servers.filter(({ hostname }) => only?.includes(hostname) ?? true);
  const placement = new Map<string, readonly string[]>(options.known);
  for (const component of components) {
    const place = (found: readonly Server[]) =>
      placement.set(
        component.name,
        found.map(({ hostname }) => hostname),
      );
    const wished = scale[component.name];
    if (component.type === 'infrastructure') placement.set(component.name, []);
    else if (component.type === 'server') {
      const own = componentServers(infrastructure, cluster, component, wished, options.provider);
      servers = [
        ...servers,
        ...own.filter(({ hostname }) => !servers.some((one) => one.hostname === hostname)),
      ];
      place(own);
    } else if (component.type === 'application' && runsOnKubernetes(component)) {
      place([controlPlane(infrastructure, cluster, component, servers, placement)]);
    } else if (component.type === 'taskserv' || component.type === 'application') {
      place(targetsOf(servers, cluster, component, placement, wished));
    } else throw unknownType(component);
  }
  return { servers, placement };
}

/** An application with a `spec` of containers is for Kubernetes; one with an `image` is a container on servers. */
export function runsOnKubernetes({ config }: Component): boolean {
  return isRecord(config['spec']);
}

/** Servers of a component of type server: defined ones that it names, or new ones from its configuration. */
export function componentServers(
  infrastructure: Infrastructure,
  cluster: Cluster,
  component: Component,
  wished?: number,
  provider?: string,
): readonly Server[] {
  const named = (component as { servers?: unknown }).servers;
  if (Array.isArray(named))
    return named.map((hostname) => serverNamed(infrastructure.servers, component, hostname));
  const { count, name_pattern: pattern, ...config } = component.config as Data;
  const base = mergeData(canonicalServer(infrastructure.settings.server_defaults), canonicalServer(config));
  const number = wished ?? (typeof count === 'number' ? count : undefined) ?? component.resources?.replicas;
  const hostname = String(base['hostname'] ?? `${cluster.name}-${component.name}`);
  const names =
    number === undefined
      ? [hostname]
      : Array.from({ length: number }, (_unused, index) =>
          memberName(typeof pattern === 'string' ? pattern : `${hostname}-%02d`, index + 1),
        );
  return names.map((name): Server => {
    const server: Data = {
      provider: provider ?? infrastructure.servers[0]?.provider ?? 'local',
      ...base,
      hostname: name,
    };
    applyDefaults(Server, server);
    return server as Server;
  });
}

/**
 * Servers of a component: named ones, all but those of another component (`"@others(primary)"`), those that list the
 * taskserv, else all; as many as wished.
 */
function targetsOf(
  servers: readonly Server[],
  cluster: Cluster,
  component: Component,
  placement: Placement,
  wished: number | undefined,
): readonly Server[] {
  const named = (component as { servers?: unknown }).servers ?? cluster['servers'];
  const reference = typeof named === 'string' ? /^@(others|servers)\(([\w-]+)\)$/.exec(named) : null;
  let found = servers;
  if (reference !== null) {
    const taken = placement.get(reference[2]!) ?? [];
    const wanted = reference[1] === 'servers';
    found = servers.filter(({ hostname }) => taken.includes(hostname) === wanted);
  } else if (Array.isArray(named)) {
    found = named.map((hostname) => serverNamed(servers, component, hostname));
  } else {
    const name = component.service ?? component.name;
    const listing = servers.filter(({ taskservs }) => taskservs.some((taskserv) => taskserv.name === name));
    if (listing.length > 0) found = listing;
  }
  const count = wished ?? component.resources?.replicas;
  return count === undefined || count >= found.length ? found : found.slice(0, Math.max(1, count));
}

/** Where `kubectl` works: the administration host of the settings, or the first server with Kubernetes. */
function controlPlane(
  infrastructure: Infrastructure,
  cluster: Cluster,
  component: Component,
  servers: readonly Server[],
  placement: Placement,
): Server {
  const host = infrastructure.settings.cluster_admin_host;
  if (host !== '') return serverNamed(servers, component, host);
  const own = cluster.components.find((one) => (one.service ?? one.name) === 'kubernetes');
  const [first] = own === undefined ? [] : (placement.get(own.name) ?? []);
  const found =
    servers.find(({ hostname }) => hostname === first) ??
    servers.find(({ taskservs }) => taskservs.some(({ name }) => name === 'kubernetes'));
  if (found !== undefined) return found;
  throw requirementsNotMet(
    [`application '${component.name}' needs Kubernetes, and no server has it`],
    'Add the taskserv kubernetes to a server, or set settings.cluster_admin_host.',
  );
}

function serverNamed(servers: readonly Server[], component: Component, hostname: unknown): Server {
  const server = servers.find((one) => one.hostname === hostname);
  if (server !== undefined) return server;
  throw new ProvisioningError({
    code: 'SERVER_NOT_FOUND',
    kind: 'not-found',
    message: `Component '${component.name}' names server '${String(hostname)}', which is not defined`,
    hint: `Servers: ${servers.map((one) => one.hostname).join(', ') || 'none'}`,
  });
}

function unknownType({ name, type }: Component): ProvisioningError {
  return new ProvisioningError({
    code: 'CLUSTER_COMPONENT_TYPE',
    kind: 'configuration',
    message: `Unknown component type: ${type}`,
    hint: `Component '${name}' can be of type taskserv, application, infrastructure or server.`,
  });
}
