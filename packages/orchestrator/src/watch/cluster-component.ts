import type { WorkflowDefinition } from '@provisioning/client';
import {
  type ClusterRecord,
  clusterScaling,
  type ClusterScaling,
  infraPath,
  loadCluster,
  type Plan,
  planCluster,
  readClusters,
  scalesOnKubernetes,
  updateCluster,
} from '@provisioning/core';
import type { Cluster } from '@provisioning/extensions-sdk';
import type { OpenedInfrastructure } from '../resources/infrastructures.ts';
import type { ScalingTarget, ScalingTimes } from './scaler.ts';

/** Hostnames whose load decides about clusters of an infrastructure. */
export async function serversOfClusters({
  definition,
  context,
}: OpenedInfrastructure): Promise<ReadonlySet<string>> {
  if (context.config('scaling.auto_scaling_enabled') !== true) return new Set();
  const clusters = Object.values(await readClusters(context));
  const defined = (definition.auto_scaling as { clusters?: Record<string, unknown> }).clusters ?? {};
  return new Set(
    clusters
      .filter((record) => record.auto_scaling !== undefined || record.cluster in defined)
      .flatMap(({ components }) => components.flatMap(({ servers }) => servers)),
  );
}

/**
 * A component of a deployed cluster whose number of servers follows their load (05 §5.3, 07 §10.4). Bounds and times are
 * the cluster's own state.
 */
export class ClusterComponent implements ScalingTarget {
  readonly key: string;
  readonly title: string;
  readonly rule: ClusterScaling;
  readonly current: number;
  readonly hostnames: readonly string[];
  readonly #opened: OpenedInfrastructure;
  readonly #cluster: Cluster;
  readonly #record: ClusterRecord;
  readonly #onWarning: (message: string) => void;

  private constructor(
    opened: OpenedInfrastructure,
    cluster: Cluster,
    record: ClusterRecord,
    rule: ClusterScaling,
    onWarning: (message: string) => void,
  ) {
    const { definition, context } = opened;
    this.#opened = opened;
    this.#cluster = cluster;
    this.#record = record;
    this.#onWarning = onWarning;
    this.rule = rule;
    this.title = `${definition.name}/${cluster.name}`;
    this.key = `${infraPath(context)}\0cluster\0${cluster.name}`;
    const { component } = rule;
    this.hostnames = record.components.find((one) => one.component === component)?.servers ?? [];
    this.current = record.scale?.[component] ?? this.hostnames.length;
  }

  /** The component of a cluster that scales by itself; none, where Kubernetes does it. */
  static async of(
    opened: OpenedInfrastructure,
    record: ClusterRecord,
    onWarning: (message: string) => void,
  ): Promise<ClusterComponent | undefined> {
    const { definition: infrastructure, context, project } = opened;
    const cluster = await loadCluster(record.cluster, { catalogue: project.extensions, infrastructure });
    const rule = clusterScaling(infrastructure, cluster, record, (path) => context.config(path));
    if (rule === undefined || scalesOnKubernetes(cluster, rule.component)) return undefined;
    return new ClusterComponent(opened, cluster, record, rule, onWarning);
  }

  settled(isActive: (workflow: string) => boolean): Promise<ScalingTimes | undefined> {
    const { scaling = {} } = this.#record;
    const isRunning = scaling.workflow !== undefined && isActive(scaling.workflow);
    return Promise.resolve(isRunning ? undefined : scaling);
  }

  /** There may be fewer servers than the load asks for. */
  async reachable(wanted: number): Promise<number> {
    const { component } = this.rule;
    const { graph } = await this.plan(wanted);
    const node = graph.find(({ name, type }) => name === component && type === 'cluster.component');
    const places = (node?.input as { parts?: readonly unknown[] } | undefined)?.parts?.length ?? 0;
    const possible = Math.min(wanted, Math.max(places, 1));
    if (possible === wanted) return wanted;
    this.#onWarning(`${this.title}: ${component} does not get ${wanted} servers: there are ${places}`);
    // Asking for more takes none away.
    return wanted > this.current ? Math.max(possible, this.current) : possible;
  }

  async begin(wanted: number, now: number): Promise<void> {
    const time = new Date(now).toISOString();
    const isMore = wanted > this.current;
    await this.#change(({ workflow: _before, ...scaling }) => ({
      ...scaling,
      ...(isMore ? { last_up: time } : {}),
      ...{ last_change: time, wanted },
    }));
  }

  plan(wanted: number): Promise<Plan> {
    const { context, definition } = this.#opened;
    return planCluster(context, definition, this.#cluster, { scale: { [this.rule.component]: wanted } });
  }

  workflow(wanted: number, reason: string): Omit<WorkflowDefinition, 'version' | 'operations'> {
    const { definition, workspace } = this.#opened;
    return {
      name: `cluster scale ${this.#cluster.name}`,
      kind: 'cluster',
      description: `${this.rule.component} from ${this.current} to ${wanted}: ${reason}`,
      workspace,
      infra: definition.name,
      environment: definition.environment,
    };
  }

  sent(workflow: string): Promise<void> {
    return this.#change((scaling) => ({ ...scaling, workflow }));
  }

  refused(wanted: number, reason: string): Promise<void> {
    const { component } = this.rule;
    this.#onWarning(
      `${this.title}: ${component} does not get ${wanted} servers: ${reason}. It is tried again after the cooldown`,
    );
    return this.#change(({ wanted: _wish, ...scaling }) => scaling);
  }

  #change(
    change: (scaling: NonNullable<ClusterRecord['scaling']>) => NonNullable<ClusterRecord['scaling']>,
  ): Promise<void> {
    return updateCluster(this.#opened.context, this.#cluster.name, (before) =>
      before === undefined ? undefined : { ...before, scaling: change(before.scaling ?? {}) },
    );
  }
}
