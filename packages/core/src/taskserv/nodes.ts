import { ProvisioningError, type Server, type TaskservUse } from '@provisioning/extensions-sdk';

/**
 * Servers that the `nodes` of a Kubernetes configuration name (07 §3, §5.2): control planes have `kubernetes` itself,
 * workers join with `k8s-nodejoin`.
 */
export interface KubernetesNodes {
  readonly controlPlane: readonly string[];
  readonly workers: readonly string[];
}

/** The part of a definition that tells where Kubernetes is. */
export interface KubernetesDefinition {
  readonly servers: readonly Pick<Server, 'hostname' | 'taskservs'>[];
  readonly taskservs: Readonly<Record<string, unknown>>;
}

/**
 * The nodes of `taskservs.kubernetes`, in the spelling of either generation, else as many servers as it counts: first
 * those that have the part in their definition, in the order they stand there.
 */
export function kubernetesNodes({ servers, taskservs }: KubernetesDefinition): KubernetesNodes {
  const config = record(taskservs['kubernetes'] ?? taskservs['k8s']);
  const named = namedNodes(config);
  const [planes, workers] = [config['control_plane_count'], config['worker_count']];
  if (named.controlPlane.length + named.workers.length > 0) return named;
  const having = (name: string): string[] =>
    servers
      .filter(({ taskservs: list }) => list.some((one) => one.name === name && one.enabled))
      .map(({ hostname }) => hostname);
  const joining = having('k8s-nodejoin');
  // Who joins is a worker, also where its list has the programs of a control plane.
  const masters = having('kubernetes').filter((hostname) => !joining.includes(hostname));
  if (planes === undefined && workers === undefined)
    return masters.length > 1 ? { controlPlane: masters, workers: joining } : named;
  const all = servers.map(({ hostname }) => hostname);
  const free = masters.length > 0 ? masters : all.filter((hostname) => !joining.includes(hostname));
  const controlPlane = free.slice(0, typeof planes === 'number' ? planes : Math.max(1, masters.length));
  const others = joining.length > 0 ? joining : all.filter((hostname) => !controlPlane.includes(hostname));
  const chosen = others.slice(0, typeof workers === 'number' ? workers : joining.length);
  return { controlPlane, workers: chosen };
}

/** @throws ProvisioningError `KUBERNETES_NODES` when the definition has fewer servers than Kubernetes counts. */
function enough(definition: KubernetesDefinition): KubernetesNodes {
  const config = record(definition.taskservs['kubernetes'] ?? definition.taskservs['k8s']);
  const { control_plane_count: planes = 1, worker_count: workers = 0 } = config;
  const nodes = kubernetesNodes(definition);
  const named = namedNodes(config);
  const counted = named.controlPlane.length + named.workers.length === 0;
  const few = nodes.controlPlane.length < Number(planes) || nodes.workers.length < Number(workers);
  if (counted && few && nodes.controlPlane.length > 0)
    throw tooFew(planes, workers, definition.servers.length);
  return nodes;
}

function namedNodes(config: Readonly<Record<string, unknown>>): KubernetesNodes {
  const nodes = record(config['nodes']);
  return {
    controlPlane: names(nodes['control_plane'] ?? config['control_plane_servers']),
    workers: names(nodes['workers'] ?? config['worker_servers']),
  };
}

function tooFew(planes: unknown, workers: unknown, there: number): ProvisioningError {
  return new ProvisioningError({
    code: 'KUBERNETES_NODES',
    kind: 'configuration',
    message: `Kubernetes counts ${String(planes)} control planes and ${String(workers)} workers, which the ${there} servers of the definition are not`,
    hint: 'Set control_plane_count and worker_count in taskservs/kubernetes.toml, name the servers in its nodes, or define more servers.',
  });
}

/** Servers a taskserv is meant for by the nodes of its configuration; none where it has no nodes. */
export function serversOfNodes(name: string, definition: KubernetesDefinition): readonly string[] {
  if (name === 'kubernetes') return enough(definition).controlPlane;
  if (name === 'k8s-nodejoin') return enough(definition).workers;
  // Any other taskserv may name its servers in one list.
  return names(record(definition.taskservs[name])['nodes']);
}

/** The setting by which a taskserv is meant for servers: of Kubernetes the first is the control plane. */
export function nodesSetting(name: string, servers: readonly string[]): Record<string, unknown> {
  if (servers.length === 0) return {};
  const [first, ...others] = servers;
  return { nodes: name === 'kubernetes' ? { control_plane: [first], workers: others } : [...servers] };
}

/** What a node takes from the configuration of `kubernetes` where its own says nothing: whom to join, and what with. */
export function nodeDefaults(
  name: string,
  definition: KubernetesDefinition,
): Readonly<Record<string, unknown>> {
  const { servers, taskservs } = definition;
  if (name !== 'kubernetes' && name !== 'k8s-nodejoin') return {};
  const { controlPlane, workers } = kubernetesNodes(definition);
  if (name === 'kubernetes')
    return controlPlane.length === 0 ? {} : { nodes: { control_plane: controlPlane, workers } };
  const config = record(taskservs['kubernetes'] ?? taskservs['k8s']);
  const listed = servers.find((server) =>
    server.taskservs.some((entry) => entry.name === 'kubernetes' && entry.enabled),
  );
  const first = controlPlane[0] ?? listed?.hostname;
  const least = record(config['resources'])['worker'];
  return {
    ...(first === undefined ? {} : { cp_hostname: first }),
    ...(config['version'] === undefined ? {} : { version: config['version'] }),
    ...(config['bind_port'] === undefined ? {} : { cp_port: config['bind_port'] }),
    ...(config['package_repository'] === undefined
      ? {}
      : { package_repository: config['package_repository'] }),
    ...(least === undefined ? {} : { resources: least }),
  };
}

/** The server whose `kubernetes` must stand before this one can join it. */
export function joins({ name, config }: TaskservUse, hostname: string): string | undefined {
  const first =
    name === 'k8s-nodejoin'
      ? config['cp_hostname']
      : name === 'kubernetes'
        ? namedNodes(config).controlPlane[0]
        : undefined;
  return typeof first === 'string' && first !== '' && first !== hostname ? first : undefined;
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function names(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}
