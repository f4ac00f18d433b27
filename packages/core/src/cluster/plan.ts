import { createHash } from 'node:crypto';
import type { Change, Cluster, Component, Context, OperationNode } from '@provisioning/extensions-sdk';
import type { Data } from '../config/document.ts';
import type { Infrastructure } from '../infra/index.ts';
import { unmeasuredContainers } from '../infra/kubernetes/pod-autoscaler.ts';
import type { ComponentInput } from '../operations/cluster/component.ts';
import { type Part, placeOf } from '../operations/cluster/parts/part.ts';
import type { Plan } from '../plan/plan.ts';
import { canaryOf } from './canary.ts';
import { partsOf } from './component-parts.ts';
import { runsOnKubernetes } from './layout.ts';
import { checkRequirements } from './requirements.ts';
import { type ClusterScope, clusterScope, deployedScope, trafficOf } from './scope.ts';
import { withoutSecrets } from './secrets.ts';
import { keepShared } from './shared.ts';
import { type ClusterRecord, readClusters } from '../state/clusters.ts';

export interface ClusterPlanOptions {
  /** Servers of a component by name, over the definition's count. */
  readonly scale?: Readonly<Record<string, number>>;
  /** Bounds between which a component scales by itself, over the recorded ones; `null` none. */
  readonly autoScaling?: ClusterRecord['auto_scaling'] | null;
  /** A failed run keeps what it made. */
  readonly keepOnFailure?: boolean;
  /** Servers of a component updated at once; by default all (05 §8.2). Seconds before each check. */
  readonly rolling?: { readonly batch_size: number; readonly interval: number };
  /** Namespace of applications on Kubernetes that name none. */
  readonly namespace?: string;
  /** Share of the traffic for the canary, over the recorded one. */
  readonly canaryWeight?: number;
  /** The definition is an earlier one: recording it takes it out of the history. */
  readonly rollback?: boolean;
  /** What a promotion adds to the infrastructure's definition of the cluster. */
  readonly override?: Data;
}

/**
 * What `cluster create`, `update` and `scale` do: one node a component in dependency order, then what is no longer wanted
 * is removed, then the new state is recorded (07 §10.2).
 * @throws ProvisioningError `CLUSTER_CYCLE`, `CLUSTER_COMPONENT_UNKNOWN`, `CLUSTER_COMPONENT_TYPE`, `CLUSTER_REQUIREMENTS`.
 */
export async function planCluster(
  context: Context,
  infrastructure: Infrastructure,
  wanted: Cluster,
  options: ClusterPlanOptions = {},
): Promise<Plan> {
  const cluster = inNamespace(wanted, options.namespace);
  const clusters = await readClusters(context);
  const record = clusters[cluster.name];
  const scale = { ...record?.scale, ...options.scale };
  const traffic = trafficOf(cluster.name, clusters, options.canaryWeight);
  const scope = clusterScope(context, infrastructure, cluster, clusters, {
    scale,
    ...(options.autoScaling === undefined ? {} : { autoScaling: options.autoScaling }),
    ...(traffic === undefined ? {} : { traffic }),
  });
  const main = canaryOf(cluster);
  if (main === undefined) checkRequirements(cluster, scope.layout.servers);
  const before = deployedScope(context, infrastructure, cluster, clusters);
  const graph: OperationNode[] = [];
  const changes: Change[] = [];
  const enabled = new Set(scope.components.map(({ name }) => name));
  for (const component of scope.components) {
    const input = await componentInput(scope, component, before, options);
    graph.push({
      id: nodeId(cluster.name, component.name),
      type: 'cluster.component',
      name: component.name,
      input,
      dependencies: component.dependencies
        .filter((name) => enabled.has(name))
        .map((name) => nodeId(cluster.name, name)),
      resources: resourcesOf(input.parts),
    });
    const known = record?.components.some((one) => one.component === component.name) === true;
    changes.push({
      action: known ? 'update' : 'create',
      kind: 'cluster',
      name: `${cluster.name}/${component.name}`,
      reasons: [`on ${input.parts.map(placeOf).join(', ')}`],
    });
  }
  const warnings = [
    ...unmeasured(scope, graph),
    ...(await addSurplus({ scope, before, clusters, graph, changes })),
  ];
  graph.push({
    id: nodeId(cluster.name, 'record'),
    type: 'cluster.record',
    name: `record ${cluster.name}`,
    input: {
      cluster: cluster.name,
      version: cluster.version,
      definition: withoutSecrets(cluster as Data),
      scale,
      ...(main === undefined ? {} : { canary_of: main }),
      ...(options.rollback === true ? { rollback: true } : {}),
      ...(options.override === undefined ? {} : { override: options.override }),
    },
    dependencies: graph.map(({ id }) => id),
  });
  return planOf(context, infrastructure, { changes, graph, warnings });
}

/** What Kubernetes cannot scale by: it measures load as a share of what containers request. */
function unmeasured({ autoScaling }: ClusterScope, graph: readonly OperationNode[]): string[] {
  if (autoScaling === undefined) return [];
  const node = graph.find(({ name }) => name === autoScaling.component);
  const { parts = [] } = (node?.input ?? {}) as Partial<ComponentInput>;
  return parts.flatMap((part) =>
    part.kind !== 'kubernetes'
      ? []
      : unmeasuredContainers(part.manifests, autoScaling).map(
          (what) => `${autoScaling.component} does not scale by itself: container ${what}`,
        ),
  );
}

/** Applications on Kubernetes that name no namespace go to this one; it is part of what is deployed and recorded. */
function inNamespace(cluster: Cluster, namespace: string | undefined): Cluster {
  if (namespace === undefined) return cluster;
  const components = cluster.components.map((component) =>
    component.type === 'application' && runsOnKubernetes(component)
      ? { ...component, config: { namespace, create_ns: true, ...component.config } }
      : component,
  );
  return { ...cluster, components };
}

async function componentInput(
  scope: ClusterScope,
  component: Component,
  before: ClusterScope | undefined,
  options: ClusterPlanOptions,
): Promise<ComponentInput> {
  const { cluster } = scope;
  const parts = await partsOf(scope, component);
  const old = before?.components.find(({ name }) => name === component.name);
  const previous = old === undefined || before === undefined ? [] : await partsOf(before, old);
  return {
    cluster: cluster.name,
    version: cluster.version,
    component: component.name,
    ...(component.type === 'taskserv' ? { service: component.service ?? component.name } : {}),
    parts,
    ...(previous.length === 0 ? {} : { previous }),
    ...(options.rolling === undefined || previous.length === 0 ? {} : { rolling: options.rolling }),
    keep_on_failure: options.keepOnFailure ?? false,
  };
}

/** Nodes that take components away where they are no longer wanted, after everything else stands. */
async function addSurplus(plan: {
  readonly scope: ClusterScope;
  readonly before: ClusterScope | undefined;
  readonly clusters: Readonly<Record<string, ClusterRecord>>;
  readonly graph: OperationNode[];
  readonly changes: Change[];
}): Promise<string[]> {
  const { scope, before, clusters, graph, changes } = plan;
  const { cluster } = scope;
  const warnings: string[] = [];
  if (before === undefined) return warnings;
  const done = graph.map(({ id }) => id);
  let last: string | undefined;
  for (const old of before.components.toReversed()) {
    const record = clusters[cluster.name]?.components.find(({ component }) => component === old.name);
    if (record === undefined) continue;
    const node = graph.find(({ name, type }) => name === old.name && type === 'cluster.component');
    const wanted = (node?.input as ComponentInput | undefined)?.parts.map(placeOf) ?? [];
    const surplus = record.servers.filter((place) => !wanted.includes(place));
    const all = (await partsOf(before, old, surplus)).filter((part) => surplus.includes(placeOf(part)));
    const { parts, kept } = keepShared(all, old, before, clusters);
    warnings.push(...kept);
    if (node !== undefined && parts.length === 0) continue;
    const id = nodeId(cluster.name, `${old.name}.less`);
    graph.push({
      id,
      type: 'cluster.component.remove',
      name: `${old.name} (${node === undefined ? 'removed' : 'fewer'})`,
      input: {
        cluster: cluster.name,
        version: cluster.version,
        component: old.name,
        parts,
        force: false,
        cleanup_data: false,
        scale_down: node !== undefined,
      },
      dependencies: last === undefined ? done : [last],
      resources: resourcesOf(parts),
    });
    last = id;
    changes.push({
      action: 'delete',
      kind: 'cluster',
      name: `${cluster.name}/${old.name}`,
      reasons: [`from ${parts.map(placeOf).join(', ')}`],
    });
  }
  return warnings;
}

export interface ClusterRemovalOptions {
  /** Goes on after a failure, with a warning. */
  readonly force?: boolean;
  readonly cleanupData?: boolean;
  /** Volumes and buckets stay whatever else is said. */
  readonly keepVolumes?: boolean;
}

/**
 * What `cluster delete` does: components in reverse order of their dependencies, one after another; those of another
 * cluster and servers of the definition stay (07 §10.3).
 */
export async function planClusterRemoval(
  context: Context,
  infrastructure: Infrastructure,
  cluster: Cluster,
  options: ClusterRemovalOptions = {},
): Promise<Plan> {
  const clusters = await readClusters(context);
  const record = clusters[cluster.name];
  const scope =
    deployedScope(context, infrastructure, cluster, clusters) ??
    clusterScope(context, infrastructure, cluster, clusters, { scale: record?.scale ?? {} });
  const deployed = new Set(record?.components.map(({ component }) => component));
  const defined = new Set(infrastructure.servers.map(({ hostname }) => hostname));
  const graph: OperationNode[] = [];
  const warnings: string[] = [];
  for (const component of scope.components.toReversed()) {
    if (!deployed.has(component.name) && options.force !== true) continue;
    const all = await partsOf(scope, component);
    const { parts, kept } = keepShared(all, component, scope, clusters);
    warnings.push(...kept);
    const own = parts.filter((part) => part.kind !== 'server' || !defined.has(part.server.hostname));
    const volumes = options.keepVolumes === true && component.type === 'infrastructure';
    const previous = graph.at(-1);
    graph.push({
      id: nodeId(cluster.name, component.name),
      type: 'cluster.component.remove',
      name: component.name,
      input: {
        cluster: cluster.name,
        version: cluster.version,
        component: component.name,
        parts: own,
        force: options.force ?? false,
        cleanup_data: (options.cleanupData ?? false) && !volumes,
        scale_down: false,
      },
      dependencies: previous === undefined ? [] : [previous.id],
      resources: resourcesOf(own),
    });
  }
  const changes = graph.map(({ name }): Change => ({
    action: 'delete',
    kind: 'cluster',
    name: `${cluster.name}/${name}`,
  }));
  return planOf(context, infrastructure, { changes, graph, warnings });
}

/** One plan after another: the second begins when the first is done. */
export function inSequence(first: Plan, second: Plan): Plan {
  const all = first.graph.map(({ id }) => id);
  const depended = new Set(first.graph.flatMap(({ dependencies }) => dependencies));
  const ends = all.filter((id) => !depended.has(id));
  return {
    ...first,
    changes: [...first.changes, ...second.changes],
    graph: [
      ...first.graph,
      ...second.graph.map((node) =>
        node.dependencies.length === 0 ? { ...node, dependencies: ends } : node,
      ),
    ],
    blocked: [...first.blocked, ...second.blocked],
    warnings: [...first.warnings, ...second.warnings],
  };
}

function planOf(
  context: Context,
  infrastructure: Infrastructure,
  parts: Pick<Plan, 'changes' | 'graph' | 'warnings'>,
): Plan {
  const { name: workspace } = context.workspace;
  return { workspace, infra: context.infra, environment: infrastructure.environment, blocked: [], ...parts };
}

function resourcesOf(parts: readonly Part[]): string[] {
  return parts.flatMap((part) => (part.kind === 'resource' ? [] : [`server/${part.server.hostname}`]));
}

/** Ids have at most 64 characters (12 §2); long ones end in a hash that keeps them apart. */
export function nodeId(cluster: string, name: string): string {
  const id = `cluster.${cluster}.${name}`;
  if (id.length <= 64) return id;
  return `${id.slice(0, 55)}-${createHash('sha256').update(id).digest('hex').slice(0, 8)}`;
}
