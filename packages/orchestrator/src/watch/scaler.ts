import type { WorkflowDefinition } from '@provisioning/client';
import { decideScaling, type Load, type Plan, type ScalingRule } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';

/** When something last scaled by itself, in ISO 8601. */
export interface ScalingTimes {
  readonly last_up?: string;
  readonly last_change?: string;
}

/** What brings it to a number. */
export type ScalingPlan = Pick<Plan, 'graph' | 'changes' | 'blocked'>;

/** Something whose number follows its load: a group of servers, a component of a cluster (05 §5.3, 07 §10.4). */
export interface ScalingTarget {
  /** Tells it from all others. */
  readonly key: string;
  /** How warnings name it. */
  readonly title: string;
  readonly rule: ScalingRule;
  readonly current: number;
  /** Servers whose load counts. */
  readonly hostnames: readonly string[];
  /** What is known once the last change has come to its end; nothing while it goes on. */
  settled(isActive: (workflow: string) => boolean): Promise<ScalingTimes | undefined>;
  /** As many as there can be. */
  reachable(wanted: number): Promise<number>;
  /** Writes the wish and its time down, before anything is done for it: a crash forgets no cooldown. */
  begin(wanted: number, now: number): Promise<void>;
  plan(wanted: number): Promise<ScalingPlan>;
  workflow(wanted: number, reason: string): Omit<WorkflowDefinition, 'version' | 'operations'>;
  /** What carries it out is on its way. */
  sent(workflow: string, plan: ScalingPlan): Promise<void>;
  /** It does not come to be. */
  refused(wanted: number, reason: string): Promise<void>;
}

export interface ScalerOptions {
  /** Runs a workflow; answers its id. */
  readonly submit: (definition: WorkflowDefinition, createdBy: string) => Promise<string>;
  /** Whether a workflow has not ended. */
  readonly isActive: (workflow: string) => boolean;
  readonly onWarning: (message: string) => void;
  readonly now: () => number;
}

const keptSamples = 3;

/** Brings the number of things to what their load asks for. Samples are kept in memory, all else where the target keeps it. */
export class Scaler {
  readonly #options: ScalerOptions;
  readonly #samples = new Map<string, readonly Load[]>();

  constructor(options: ScalerOptions) {
    this.#options = options;
  }

  /** @param loads newest samples by hostname */
  async scale(target: ScalingTarget, loads: ReadonlyMap<string, Load>): Promise<void> {
    const { key, title, rule, current } = target;
    const { submit, isActive, onWarning, now } = this.#options;
    const samples = this.#sample(
      key,
      target.hostnames.flatMap((hostname) => loads.get(hostname) ?? []),
    );
    const times = await target.settled(isActive);
    if (times === undefined) return;
    const { last_up: lastUp, last_change: lastChange } = times;
    const { wanted, reason, warning } = decideScaling(
      rule,
      {
        current,
        samples: { cpu: samples.map(({ cpu }) => cpu), memory: samples.map(({ memory }) => memory) },
        ...(lastUp === undefined ? {} : { lastUp: Date.parse(lastUp) }),
        ...(lastChange === undefined ? {} : { lastChange: Date.parse(lastChange) }),
      },
      now(),
    );
    if (warning !== undefined) onWarning(`${title}: ${warning}`);
    const reachable = wanted === current ? current : await target.reachable(wanted);
    if (reachable === current) return;
    await target.begin(reachable, now());
    // What was measured was measured of another number.
    this.#samples.delete(key);
    try {
      const plan = await target.plan(reachable);
      if (plan.blocked.length > 0) return await target.refused(reachable, plan.blocked[0]!);
      const workflow = await submit(
        {
          ...target.workflow(reachable, reason),
          version: '1.0.0',
          on_failure: 'continue',
          operations: plan.graph.map(({ id, type, name, input, dependencies, resources }) => ({
            ...{ id, type, name, input, dependencies: [...dependencies], resources: [...(resources ?? [])] },
          })),
        },
        'autoscaler',
      );
      await target.sent(workflow, plan);
    } catch (error) {
      await target.refused(reachable, ProvisioningError.from(error).message);
    }
  }

  #sample(key: string, loads: readonly Load[]): readonly Load[] {
    const samples =
      loads.length === 0 ? [] : [...(this.#samples.get(key) ?? []), meanOf(loads)].slice(-keptSamples);
    this.#samples.set(key, samples);
    return samples;
  }
}

function meanOf(loads: readonly Load[]): Load {
  const mean = (pick: (load: Load) => number): number =>
    loads.reduce((sum, load) => sum + pick(load), 0) / loads.length;
  return { cpu: mean(({ cpu }) => cpu), memory: mean(({ memory }) => memory) };
}
