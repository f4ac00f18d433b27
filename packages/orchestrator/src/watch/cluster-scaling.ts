import type { WorkflowDefinition } from '@provisioning/client';
import {
  type ClusterRecord,
  clusterScaling,
  decideScaling,
  type Load,
  loadCluster,
  planCluster,
  readClusters,
  scalesOnKubernetes,
  updateCluster,
} from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { OpenedInfrastructure } from '../resources/infrastructures.ts';

export interface ClusterScalerOptions {
  /** Runs a workflow; answers its id. */
  readonly submit: (definition: WorkflowDefinition, createdBy: string) => Promise<string>;
  /** Whether a workflow has not ended. */
  readonly isActive: (workflow: string) => boolean;
  readonly onWarning: (message: string) => void;
  readonly now: () => number;
}

const keptSamples = 3;

/**
 * Scales components of deployed clusters by the load of the servers they are on (05 §5.3, 07 §10.4). What was measured is
 * kept in memory; bounds and times are the clusters' own state, so that a restart forgets no cooldown.
 */
export class ClusterScaler {
  readonly #options: ClusterScalerOptions;
  readonly #samples = new Map<string, readonly Load[]>();

  constructor(options: ClusterScalerOptions) {
    this.#options = options;
  }

  /** Hostnames whose load decides. */
  async watched({ definition, context }: OpenedInfrastructure): Promise<ReadonlySet<string>> {
    if (context.config('scaling.auto_scaling_enabled') !== true) return new Set();
    const clusters = Object.values(await readClusters(context));
    const defined = (definition.auto_scaling as { clusters?: Record<string, unknown> }).clusters ?? {};
    return new Set(
      clusters
        .filter((record) => record.auto_scaling !== undefined || record.cluster in defined)
        .flatMap(({ components }) => components.flatMap(({ servers }) => servers)),
    );
  }

  /** Looks at every cluster; one that can't be scaled is told and holds up no other. */
  async scale(opened: OpenedInfrastructure, loads: ReadonlyMap<string, Load>): Promise<void> {
    for (const record of Object.values(await readClusters(opened.context))) {
      await this.#look(opened, record, loads).catch((error: unknown) =>
        this.#options.onWarning(
          `${opened.definition.name}/${record.cluster}: ${ProvisioningError.from(error).message}`,
        ),
      );
    }
  }

  async #look(
    opened: OpenedInfrastructure,
    record: ClusterRecord,
    loads: ReadonlyMap<string, Load>,
  ): Promise<void> {
    const { definition, context, project, workspace } = opened;
    const cluster = await loadCluster(record.cluster, {
      catalogue: project.extensions,
      infrastructure: definition,
    });
    const rule = clusterScaling(definition, cluster, record, (path) => context.config(path));
    if (rule === undefined) return;
    const { component } = rule;
    // It has a HorizontalPodAutoscaler.
    if (scalesOnKubernetes(cluster, component)) return;
    const servers = record.components.find((one) => one.component === component)?.servers ?? [];
    const here = servers.flatMap((hostname) => loads.get(hostname) ?? []);
    const key = `${workspace.path}\0${context.infra}\0${record.cluster}`;
    const samples =
      here.length === 0 ? [] : [...(this.#samples.get(key) ?? []), meanOf(here)].slice(-keptSamples);
    this.#samples.set(key, samples);
    const { workflow: running, last_up: lastUp, last_change: lastChange } = record.scaling ?? {};
    if (running !== undefined && this.#options.isActive(running)) return;
    const current = record.scale?.[component] ?? servers.length;
    const now = this.#options.now();
    const decision = decideScaling(
      rule,
      {
        current,
        samples: { cpu: samples.map(({ cpu }) => cpu), memory: samples.map(({ memory }) => memory) },
        ...(lastUp === undefined ? {} : { lastUp: Date.parse(lastUp) }),
        ...(lastChange === undefined ? {} : { lastChange: Date.parse(lastChange) }),
      },
      now,
    );
    const { wanted, reason, warning } = decision;
    if (warning !== undefined) this.#options.onWarning(`${definition.name}/${record.cluster}: ${warning}`);
    if (wanted === current) return;
    const planTo = (count: number) =>
      planCluster(context, definition, cluster, { scale: { [component]: count } });
    let plan = await planTo(wanted);
    const node = plan.graph.find(({ name, type }) => name === component && type === 'cluster.component');
    const places = (node?.input as { parts?: readonly unknown[] } | undefined)?.parts?.length ?? 0;
    const possible = Math.min(wanted, Math.max(places, 1));
    if (possible < wanted) {
      // There may be fewer servers than the load asks for.
      this.#options.onWarning(
        `${definition.name}/${record.cluster}: ${component} does not get ${wanted} servers: there are ${places}`,
      );
      if (possible <= current) return;
      plan = await planTo(possible);
    }
    const workflow = await this.#options.submit(
      {
        name: `cluster scale ${record.cluster}`,
        version: '1.0.0',
        kind: 'cluster',
        description: `${component} from ${current} to ${possible}: ${reason}`,
        workspace,
        infra: definition.name,
        environment: definition.environment,
        on_failure: 'continue',
        operations: plan.graph.map(({ id, type, name, input, dependencies, resources }) => ({
          ...{ id, type, name, input, dependencies: [...dependencies], resources: [...(resources ?? [])] },
        })),
      },
      'autoscaler',
    );
    const time = new Date(now).toISOString();
    await updateCluster(context, record.cluster, (before) =>
      before === undefined
        ? undefined
        : {
            ...before,
            scaling: {
              ...before.scaling,
              ...(wanted > current ? { last_up: time } : {}),
              ...{ last_change: time, workflow },
            },
          },
    );
    // What was measured was measured of another number of servers.
    this.#samples.delete(key);
  }
}

/** The mean of loads. */
export function meanOf(loads: readonly Load[]): Load {
  const mean = (pick: (load: Load) => number): number =>
    loads.reduce((sum, load) => sum + pick(load), 0) / loads.length;
  return { cpu: mean(({ cpu }) => cpu), memory: mean(({ memory }) => memory) };
}
