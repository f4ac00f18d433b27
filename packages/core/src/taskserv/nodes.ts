import type { Server, TaskservUse } from '@provisioning/extensions-sdk';

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

/** The nodes of `taskservs.kubernetes`, in the spelling of either generation. */
export function kubernetesNodes(taskservs: Readonly<Record<string, unknown>>): KubernetesNodes {
  const config = record(taskservs['kubernetes'] ?? taskservs['k8s']);
  const nodes = record(config['nodes']);
  return {
    controlPlane: names(nodes['control_plane'] ?? config['control_plane_servers']),
    workers: names(nodes['workers'] ?? config['worker_servers']),
  };
}

/** Servers a taskserv is meant for by the nodes of its configuration; none where it has no nodes. */
export function serversOfNodes(
  name: string,
  taskservs: Readonly<Record<string, unknown>>,
): readonly string[] {
  const { controlPlane, workers } = kubernetesNodes(taskservs);
  if (name === 'kubernetes') return controlPlane;
  if (name === 'k8s-nodejoin') return workers;
  // Any other taskserv may name its servers in one list.
  return names(record(taskservs[name])['nodes']);
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
  { servers, taskservs }: KubernetesDefinition,
): Readonly<Record<string, unknown>> {
  if (name !== 'k8s-nodejoin') return {};
  const config = record(taskservs['kubernetes'] ?? taskservs['k8s']);
  const listed = servers.find((server) =>
    server.taskservs.some((entry) => entry.name === 'kubernetes' && entry.enabled),
  );
  const first = kubernetesNodes(taskservs).controlPlane[0] ?? listed?.hostname;
  return {
    ...(first === undefined ? {} : { cp_hostname: first }),
    ...(config['version'] === undefined ? {} : { version: config['version'] }),
    ...(config['bind_port'] === undefined ? {} : { cp_port: config['bind_port'] }),
    ...(config['package_repository'] === undefined
      ? {}
      : { package_repository: config['package_repository'] }),
  };
}

/** The server whose `kubernetes` must stand before this one can join it. */
export function joins({ name, config }: TaskservUse, hostname: string): string | undefined {
  const first =
    name === 'k8s-nodejoin'
      ? config['cp_hostname']
      : name === 'kubernetes'
        ? kubernetesNodes({ kubernetes: config }).controlPlane[0]
        : undefined;
  return typeof first === 'string' && first !== '' && first !== hostname ? first : undefined;
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function names(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}
