import {
  type Change,
  type Cluster,
  type Component,
  type Context,
  type OperationNode,
  ProvisioningError,
  type Server,
  type ServerTaskserv,
} from '@provisioning/extensions-sdk';
import type { Infrastructure } from '../infra/index.ts';
import type { ComponentInput } from '../operations/cluster/component.ts';
import type { Plan } from '../plan/plan.ts';
import { taskservsOf } from '../plan/uses.ts';
import { TaskservPackages } from '../taskserv/index.ts';
import { componentLayers } from './order.ts';
import { type Placement, expandPlacement } from './placement.ts';
import { readClusters } from './state.ts';

export interface ClusterPlanOptions {
  /** Servers of a component by name, over the definition's count. */
  readonly scale?: Readonly<Record<string, number>>;
  /** A failed run keeps what it made. */
  readonly keepOnFailure?: boolean;
}

/**
 * What `cluster create`, `update` and `scale` do: one node a component, in dependency order; a taskserv component goes to
 * its servers side by side (07 §10.2).
 * @throws ProvisioningError `CLUSTER_CYCLE`, `CLUSTER_COMPONENT_UNKNOWN`, `CLUSTER_COMPONENT_TYPE`, `CLUSTER_REQUIREMENTS`.
 */
export async function planCluster(
  context: Context,
  infrastructure: Infrastructure,
  cluster: Cluster,
  options: ClusterPlanOptions = {},
): Promise<Plan> {
  const layers = componentLayers(cluster.components);
  checkRequirements(cluster, infrastructure.servers);
  const packages = new TaskservPackages();
  const known = (await readClusters(context))[cluster.name];
  const scale = { ...known?.scale, ...options.scale };
  const graph: OperationNode[] = [];
  const changes: Change[] = [];
  const placement = placeComponents(infrastructure, cluster, layers.flat(), scale);
  for (const component of layers.flat()) {
    const input = await componentInput(context, infrastructure, cluster, component, packages, placement);
    const node: OperationNode = {
      id: nodeId(cluster.name, component.name),
      type: 'cluster.component',
      name: component.name,
      input: { ...input, keep_on_failure: options.keepOnFailure ?? false },
      dependencies: component.dependencies.map((name) => nodeId(cluster.name, name)),
      resources: input.deployments.map(({ server }) => `server/${server.hostname}`),
    };
    graph.push(node);
    const before = known?.components.find((record) => record.component === component.name);
    changes.push({
      action: before === undefined ? 'create' : 'update',
      kind: 'cluster',
      name: `${cluster.name}/${component.name}`,
      reasons: [`on ${input.deployments.map(({ server }) => server.hostname).join(', ')}`],
    });
  }
  const names = new Set(graph.map(({ id }) => id));
  return {
    workspace: context.workspace.name,
    infra: context.infra,
    environment: context.environment,
    changes,
    graph: graph.map((node) => ({ ...node, dependencies: node.dependencies.filter((id) => names.has(id)) })),
    blocked: [],
    warnings: [],
  };
}

export interface ClusterRemovalOptions {
  /** Goes on after a failure, with a warning. */
  readonly force?: boolean;
  readonly cleanupData?: boolean;
}

/**
 * What `cluster delete` does: components in reverse order of their dependencies, one after another; those of another
 * cluster stay (07 §10.3).
 */
export async function planClusterRemoval(
  context: Context,
  infrastructure: Infrastructure,
  cluster: Cluster,
  options: ClusterRemovalOptions = {},
): Promise<Plan> {
  const clusters = await readClusters(context);
  const deployed = new Set(clusters[cluster.name]?.components.map(({ component }) => component));
  const order = componentLayers(cluster.components).flat().toReversed();
  const packages = new TaskservPackages();
  const scale = clusters[cluster.name]?.scale ?? {};
  const placement = placeComponents(infrastructure, cluster, order.toReversed(), scale);
  const graph: OperationNode[] = [];
  const warnings: string[] = [];
  for (const component of order) {
    if (!deployed.has(component.name) && options.force !== true) continue;
    const input = await componentInput(context, infrastructure, cluster, component, packages, placement);
    const others = sharedWith(component, input, cluster.name, clusters);
    if (others.length > 0) warnings.push(`${component.name} stays: ${others.join(', ')} uses it`);
    const previous = graph.at(-1);
    graph.push({
      id: nodeId(cluster.name, component.name),
      type: 'cluster.component.remove',
      name: component.name,
      input: {
        ...input,
        ...(others.length > 0 ? { deployments: [] } : {}),
        force: options.force ?? false,
        cleanup_data: options.cleanupData ?? false,
      },
      dependencies: previous === undefined ? [] : [previous.id],
      resources: input.deployments.map(({ server }) => `server/${server.hostname}`),
    });
  }
  return {
    workspace: context.workspace.name,
    infra: context.infra,
    environment: context.environment,
    changes: graph.map(({ name }) => ({
      action: 'delete',
      kind: 'cluster',
      name: `${cluster.name}/${name}`,
    })),
    graph,
    blocked: [],
    warnings,
  };
}

async function componentInput(
  context: Context,
  infrastructure: Infrastructure,
  cluster: Cluster,
  component: Component,
  packages: TaskservPackages,
  placement: Placement,
): Promise<ComponentInput> {
  const name = component.service ?? component.name;
  const entry: ServerTaskserv = {
    name,
    profile: 'default',
    ...(component.version === undefined ? {} : { version: component.version }),
    enabled: true,
    config: expandPlacement(component.config, placement) as Record<string, unknown>,
  };
  const hosts = new Set(placement.get(component.name));
  const deployments = await Promise.all(
    infrastructure.servers
      .filter(({ hostname }) => hosts.has(hostname))
      .map(async (server) => {
        const [planned] = await taskservsOf(
          context,
          { ...server, taskservs: [entry] },
          infrastructure,
          packages,
        );
        const target = { hostname: server.hostname, provider: server.provider };
        return { server: target, taskserv: planned!.use, references: [...planned!.references] };
      }),
  );
  return { cluster: cluster.name, version: cluster.version, component: component.name, deployments };
}

/** Where each component goes, in the order they are deployed. */
function placeComponents(
  infrastructure: Infrastructure,
  cluster: Cluster,
  components: readonly Component[],
  scale: Readonly<Record<string, number>>,
): Placement {
  const placement = new Map<string, readonly string[]>();
  for (const component of components) {
    if (component.type !== 'taskserv') throw unsupported(cluster, component);
    const servers = targetsOf(infrastructure, cluster, component, placement, scale[component.name]);
    placement.set(
      component.name,
      servers.map(({ hostname }) => hostname),
    );
  }
  return placement;
}

/**
 * Servers of a component: named ones, all but those of another component (`"@others(primary)"`), those that list the
 * taskserv, else all; as many as wished (07 §5.2).
 */
function targetsOf(
  { servers }: Infrastructure,
  cluster: Cluster,
  component: Component,
  placement: Placement,
  wished: number | undefined,
): readonly Server[] {
  const named = (component as { servers?: unknown }).servers ?? cluster['servers'];
  const others = typeof named === 'string' ? /^@others\(([\w-]+)\)$/.exec(named)?.[1] : undefined;
  let found = servers;
  if (others !== undefined) {
    const taken = placement.get(others) ?? [];
    found = servers.filter(({ hostname }) => !taken.includes(hostname));
  } else if (Array.isArray(named)) {
    found = named.map((hostname) => {
      const server = servers.find((one) => one.hostname === hostname);
      if (server !== undefined) return server;
      throw new ProvisioningError({
        code: 'SERVER_NOT_FOUND',
        kind: 'not-found',
        message: `Component '${component.name}' names server '${String(hostname)}', which is not defined`,
      });
    });
  } else {
    const name = component.service ?? component.name;
    const listing = servers.filter(({ taskservs }) => taskservs.some((taskserv) => taskserv.name === name));
    if (listing.length > 0) found = listing;
  }
  const count = wished ?? component.resources?.replicas;
  return count === undefined || count >= found.length ? found : found.slice(0, Math.max(1, count));
}

/** @throws ProvisioningError `CLUSTER_REQUIREMENTS` (07 §10.2.3). */
function checkRequirements({ name, resources }: Cluster, servers: readonly Server[]): void {
  const unmet: string[] = [];
  if (servers.length < resources.min_nodes)
    unmet.push(`needs ${resources.min_nodes} servers, found ${servers.length}`);
  const memory = gigabytes(resources.memory_per_node);
  const cores = Number(resources.cpu_per_node);
  const fitting = servers.filter((server) => server.memory / 1024 >= memory && server.cores >= cores);
  if (servers.length >= resources.min_nodes && fitting.length < Math.max(1, resources.min_nodes)) {
    unmet.push(
      `needs ${Math.max(1, resources.min_nodes)} servers with ${resources.cpu_per_node} cores and ${resources.memory_per_node}, found ${fitting.length}`,
    );
  }
  if (unmet.length === 0) return;
  throw new ProvisioningError({
    code: 'CLUSTER_REQUIREMENTS',
    message: `Cluster requirements not met: ${unmet.join(', ')}`,
    hint: `Change the servers, or 'resources' of the cluster ${name}.`,
    details: { issues: unmet },
  });
}

function gigabytes(text: string): number {
  const [, number = '0', unit = 'Gi'] = /^(\d+(?:\.\d+)?)\s*(Mi|Gi|Ti|M|G|T)?/.exec(text) ?? [];
  return Number(number) * (unit.startsWith('M') ? 1 / 1024 : unit.startsWith('T') ? 1024 : 1);
}

/** Other clusters whose component runs the same taskserv on one of the same servers. */
function sharedWith(
  component: Component,
  input: ComponentInput,
  own: string,
  clusters: Awaited<ReturnType<typeof readClusters>>,
): string[] {
  const hosts = new Set(input.deployments.map(({ server }) => server.hostname));
  const service = component.service ?? component.name;
  return Object.values(clusters)
    .filter(({ cluster }) => cluster !== own)
    .filter(({ components }) =>
      components.some(
        (record) =>
          (record.component === component.name || record.component === service) &&
          record.servers.some((hostname) => hosts.has(hostname)),
      ),
    )
    .map(({ cluster }) => cluster);
}

function nodeId(cluster: string, component: string): string {
  return `cluster.${cluster}.${component}`.slice(0, 64);
}

function unsupported(cluster: Cluster, { name, type }: Component): ProvisioningError {
  const known = ['application', 'infrastructure', 'server'].includes(type);
  return new ProvisioningError({
    code: 'CLUSTER_COMPONENT_TYPE',
    kind: 'configuration',
    message: known
      ? `Cluster requirements not met: component '${name}' of ${cluster.name} is of type ${type}, which needs Kubernetes`
      : `Unknown component type: ${type}`,
    hint: 'Components of type taskserv run on the servers themselves.',
  });
}
