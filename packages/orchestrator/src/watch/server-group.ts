import type { WorkflowDefinition } from '@provisioning/client';
import { type groupScaling, infraPath, planScale, StateFile } from '@provisioning/core';
import type { OpenedInfrastructure } from '../resources/infrastructures.ts';
import type { ScalingPlan, ScalingTarget, ScalingTimes } from './scaler.ts';

export type GroupRule = NonNullable<ReturnType<typeof groupScaling>>;

/** A group does not get the size it asks for. */
export interface RefusedScaling {
  readonly workspace: string;
  readonly infra: string;
  readonly group: string;
  readonly wanted: number;
  readonly reason: string;
}

export interface ServerGroupOptions {
  readonly onWarning: (message: string) => void;
  readonly onScalingRefused: (data: RefusedScaling) => void;
}

/** A group of servers whose number follows its load (05 §5.3). The wish is part of the infrastructure's state. */
export class ServerGroup implements ScalingTarget {
  readonly key: string;
  readonly title: string;
  readonly rule: GroupRule;
  readonly hostnames: readonly string[];
  readonly #opened: OpenedInfrastructure;
  readonly #options: ServerGroupOptions;
  readonly #state: StateFile;

  constructor(opened: OpenedInfrastructure, rule: GroupRule, options: ServerGroupOptions) {
    const { definition, context } = opened;
    this.#opened = opened;
    this.#options = options;
    this.#state = new StateFile(infraPath(context));
    this.rule = rule;
    this.title = definition.name;
    this.key = `${infraPath(context)}\0${rule.group}`;
    this.hostnames = definition.servers
      .filter((server) => server['group'] === rule.group)
      .map(({ hostname }) => hostname);
  }

  get current(): number {
    return this.hostnames.length;
  }

  /** Servers that the last change did not make or remove end it: it is taken back, and asked for anew after the cooldown. */
  async settled(isActive: (workflow: string) => boolean): Promise<ScalingTimes | undefined> {
    const { group } = this.rule;
    const { servers, autoscaling } = await this.#opened.state();
    const known = autoscaling?.[group] ?? {};
    if (known.pending === undefined) return known;
    const { wanted, workflow, leaving = [] } = known.pending;
    if (workflow !== undefined && isActive(workflow)) return undefined;
    const missing = this.hostnames.filter((name) => servers[name] === undefined);
    const left = leaving.filter((name) => servers[name] !== undefined);
    if (this.current === wanted && missing.length + left.length > 0) {
      const reasons = [
        ...missing.map((name) => `${name} was not made`),
        ...left.map((name) => `${name} was not deleted`),
      ];
      await this.refused(wanted, reasons.join(', '));
      return undefined;
    }
    await this.#state.endScaling(group);
    return known;
  }

  reachable(wanted: number): Promise<number> {
    return Promise.resolve(wanted);
  }

  async begin(wanted: number, now: number): Promise<void> {
    const { group } = this.rule;
    const defined = this.#opened.definition.groups![group]!;
    await this.#state.beginScaling(group, this.current, wanted, defined, now);
  }

  async plan(): Promise<ScalingPlan> {
    const { context, definition } = this.#opened;
    return planScale(context, definition, await this.#opened.reload(), this.rule.group);
  }

  workflow(wanted: number, reason: string): Omit<WorkflowDefinition, 'version' | 'operations'> {
    const { definition, workspace } = this.#opened;
    return {
      name: `server scale ${this.rule.group}`,
      kind: 'server',
      description: `From ${this.current} to ${wanted}: ${reason}`,
      workspace,
      infra: definition.name,
      environment: definition.environment,
    };
  }

  async sent(workflow: string, { changes }: ScalingPlan): Promise<void> {
    const leaving = changes.flatMap(({ action, name }) => (action === 'delete' ? [name] : []));
    await this.#state.scalingSent(this.rule.group, workflow, leaving);
  }

  /** Told once; the cooldown runs from the attempt. */
  async refused(wanted: number, reason: string): Promise<void> {
    const { group } = this.rule;
    const { workspace, definition } = this.#opened;
    await this.#state.endScaling(group, reason);
    this.#options.onWarning(
      `${definition.name}: ${group} does not get ${wanted} servers: ${reason}. It is tried again after the cooldown`,
    );
    this.#options.onScalingRefused({
      ...{ workspace: workspace.name, infra: definition.name },
      ...{ group, wanted, reason },
    });
  }
}
