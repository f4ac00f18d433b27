import { randomUUID } from 'node:crypto';
import type { WorkflowEvent } from '../engine/events.ts';
import type { WorkflowState } from '../engine/state.ts';
import type { Executor } from '../execution/executor.ts';

export interface RollbackChoice {
  readonly ops: readonly number[];
  readonly irreversible: readonly number[];
}

/**
 * What a rollback of the whole workflow undoes: every operation that completed and was not undone yet. Those without
 * compensation and those that failed half-way are listed, not touched (12 §9).
 */
export function chooseRollback(
  state: WorkflowState,
  executor: Pick<Executor, 'canUndo'>,
  selected?: ReadonlySet<number>,
): RollbackChoice {
  const ops: number[] = [];
  const irreversible: number[] = [];
  for (const { plan, status, attempt, compensation } of state.operations) {
    if (selected && !selected.has(plan.index)) continue;
    const begun = attempt > 0 && status !== 'Pending';
    if (!begun || compensation === 'done') continue;
    // What failed half-way left no output that its compensation could work with: it is listed for a person to look at.
    if (status !== 'Completed') irreversible.push(plan.index);
    else if (executor.canUndo(plan.type, plan.input)) ops.push(plan.index);
    else irreversible.push(plan.index);
  }
  return { ops, irreversible };
}

export function rollbackOrderStart(state: WorkflowState, choice: RollbackChoice): WorkflowEvent {
  return { type: 'RollbackStarted', at: Date.now(), rollback: randomUUID(), ...choice };
}
