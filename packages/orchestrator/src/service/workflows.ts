import type { WorkflowDefinition } from '@provisioning/client';
import { type Progress, ProvisioningError } from '@provisioning/extensions-sdk';
import { parseTaskId } from '../engine/identifiers.ts';
import { type StoredDefinition } from '../engine/plan.ts';
import type { RecordWrite } from '../journal/store.ts';
import { changedDefinition } from '../resume/changed-definition.ts';
import { missingResources } from '../resume/missing-resources.ts';
import { type Live, load, rowOf } from '../runtime/live.ts';
import { chooseRollback, rollbackOrderStart } from '../runtime/rollback.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type SubmissionFacts } from '../views/records.ts';
import { notFound, WorkflowRecords } from './workflow-records.ts';

/** Everything that can be done with workflows; what the API calls. */
export class Workflows extends WorkflowRecords {
  submit(
    definition: WorkflowDefinition,
    facts?: SubmissionFacts,
    records?: (id: string) => readonly RecordWrite[],
  ): Promise<string> {
    return this.parts.runtime.submit(definition, facts, records);
  }

  /** @throws ProvisioningError `INVALID_STATE` */
  async cancel(
    id: string,
    options: { readonly reason?: string; readonly rollback?: boolean; readonly force?: boolean } = {},
  ): Promise<void> {
    const live = await this.live(id);
    const { state } = live;
    if (state.phase === 'rolling_back') {
      throw invalidState(`Workflow ${id} is rolling back and cannot be cancelled`);
    }
    if (state.status !== 'Pending' && state.status !== 'Running') {
      throw invalidState(`Task already ${state.status}`);
    }
    if (state.cancel) return;
    this.#append(live, {
      type: 'CancelRequested',
      at: Date.now(),
      reason: options.reason,
      rollback: options.rollback,
    });
    await this.parts.journal.flush();
  }

  /** A process tells of its own task. @throws ProvisioningError `INVALID_STATE` when the task does not run */
  report(task: string, progress: Progress): void {
    const { workflow, operation } = parseTaskId(task);
    const live = this.parts.runtime.live(workflow);
    const own = operation === undefined ? undefined : live?.state.operations[operation];
    if (!live || own?.status !== 'Running') throw invalidState(`Task ${task} is not running`);
    this.parts.runtime.report({ workflow: live.state.plan, operation: own.plan }, progress);
  }

  async pause(id: string): Promise<void> {
    const live = await this.live(id);
    const { status, paused, cancel } = live.state;
    if ((status !== 'Pending' && status !== 'Running') || cancel)
      throw invalidState(`Task is ${status}, it cannot be paused`);
    if (!paused) this.#append(live, { type: 'WorkflowPaused', at: Date.now() });
    await this.parts.journal.flush();
  }

  async unpause(id: string): Promise<void> {
    const live = await this.live(id);
    if (!live.state.paused) throw invalidState(`Workflow ${id} is not paused`);
    this.#append(live, { type: 'WorkflowUnpaused', at: Date.now() });
    await this.parts.journal.flush();
  }

  /**
   * Failed, cancelled and undone operations run again, and those whose resources are gone (12 §8).
   * @param next a validated definition to go on with; what has completed must be the same in it
   * @returns warnings about completed operations
   */
  async resume(id: string, next?: WorkflowDefinition): Promise<readonly string[]> {
    const { store, executor, journal, logs, defaults } = this.parts;
    const { again, warnings } = await missingResources(this.#resumable(await this.live(id)), executor);
    const row = next && (await store.workflow(id));
    // Asking may have taken a while.
    let live = this.#resumable(await this.live(id));
    const changed: number[] = [];
    if (next && row?.definition) {
      const completed = live.state.operations.filter(
        ({ status, plan, compensation }) =>
          status === 'Completed' && compensation !== 'done' && !again.includes(plan.index),
      );
      const ids = new Set(completed.map(({ plan }) => plan.id));
      const change = changedDefinition(JSON.parse(row.definition) as StoredDefinition, next, ids);
      changed.push(...change.changed);
      const definition = JSON.stringify(change.definition);
      live = await load(store, { ...row, definition }, defaults);
      this.#resumable(live);
      journal.put(rowOf(live, definition));
    }
    const at = Date.now();
    this.#append(live, { type: 'WorkflowResumed', at, again: [...again, ...changed] });
    for (const message of warnings) logs.write(id, { at, level: 'WARN', operation: '-', message });
    await journal.flush();
    return warnings;
  }

  /** @throws ProvisioningError `INVALID_STATE` */
  #resumable(live: Live): Live {
    const { status, phase, plan } = live.state;
    if (phase === 'rolling_back') throw invalidState(`Workflow ${plan.id} is rolling back`);
    if (status === 'Failed' || status === 'Cancelled') return live;
    throw invalidState(`Workflow ${plan.id} is ${status}; only a failed or cancelled one can be resumed`);
  }

  /**
   * Undoes what the workflow did, all of it or the given operations (12 §9).
   * @returns the rollback's id; with `check` the order in which it would go
   */
  async rollback(
    id: string,
    options: {
      readonly operations?: readonly string[];
      readonly includeDependents?: boolean;
      readonly check?: boolean;
    } = {},
  ): Promise<{ rollback_id?: string; order: string[]; irreversible: string[] }> {
    const live = await this.live(id);
    const { state } = live;
    if (state.phase === 'rolling_back') throw invalidState(`Workflow ${id} is rolling back already`);
    if (state.status === 'Pending' || state.status === 'Running') {
      throw invalidState(`Workflow ${id} is ${state.status}; cancel it first`);
    }
    if (!state.plan.rollbackEnabled) {
      throw invalidState(
        `Rollback is disabled for workflow ${id}: by its rollback_enabled, or rollback.enabled`,
      );
    }
    const selected =
      options.operations && select(live, options.operations, options.includeDependents ?? false);
    const choice = chooseRollback(state, this.parts.executor, selected);
    const names = (ops: readonly number[]) => ops.map((op) => state.plan.operations[op]!.id);
    const order = [...choice.ops].sort(
      (a, b) => (state.operations[b]!.completedAt ?? 0) - (state.operations[a]!.completedAt ?? 0) || b - a,
    );
    if (options.check || choice.ops.length === 0)
      return { order: names(order), irreversible: names(choice.irreversible) };
    const event = rollbackOrderStart(state, { ...choice, ops: order });
    this.#append(live, event);
    await this.parts.journal.flush();
    return { rollback_id: state.rollback?.id, order: names(order), irreversible: names(choice.irreversible) };
  }

  /** Resolves when the workflow rests. */
  async ended(id: string): Promise<void> {
    while (this.parts.runtime.live(id)) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  /** Removes the records of finished workflows. @returns how many; with `check` how many it would be */
  async remove(ids: readonly string[], check = false): Promise<number> {
    const numbers: number[] = [];
    for (const id of ids) {
      const row = await this.parts.store.workflow(id);
      if (!row) throw notFound(`Workflow not found: ${id}`);
      if (this.parts.runtime.live(id))
        throw invalidState(`Workflow ${id} is ${row.status}; only finished ones can be deleted`);
      numbers.push(row.number);
    }
    if (check) return numbers.length;
    await this.parts.store.remove(numbers, Date.now());
    await this.parts.logs.remove(ids);
    for (const id of ids) this.drop(id);
    return numbers.length;
  }

  #append(live: Live, event: Parameters<Runtime['append']>[1]): void {
    const { id } = live.state.plan;
    if (!this.parts.runtime.live(id)) {
      this.drop(id);
      this.parts.runtime.adopt(live);
    }
    this.parts.runtime.append(live, event);
  }
}

/** The selected operations; completed dependents must be selected too, or are added when asked for (12 §9 item 2). */
function select({ state }: Live, ids: readonly string[], includeDependents: boolean): ReadonlySet<number> {
  const indexes = new Map(state.plan.operations.map(({ id, index }) => [id, index]));
  const selected = new Set<number>();
  for (const name of ids) {
    const index = indexes.get(name.slice(name.indexOf('/') + 1));
    if (index === undefined) throw notFound(`Operation not found: ${name}`);
    selected.add(index);
  }
  for (const op of selected) {
    for (const { operation: target } of state.plan.operations[op]!.dependents) {
      const { status, compensation, plan } = state.operations[target]!;
      if (selected.has(target) || status !== 'Completed' || compensation === 'done') continue;
      if (!includeDependents) {
        throw new ProvisioningError({
          code: 'CONFLICT',
          kind: 'conflict',
          message: `Operation '${state.plan.operations[op]!.id}' has completed dependents not selected: ${plan.id}`,
          hint: 'Select them too, or add include_dependents',
        });
      }
      selected.add(target);
    }
  }
  return selected;
}

function invalidState(message: string): ProvisioningError {
  return new ProvisioningError({ code: 'INVALID_STATE', kind: 'conflict', message });
}
