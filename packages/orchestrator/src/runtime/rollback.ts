import { randomUUID } from 'node:crypto';
import type { WorkflowEvent } from '../engine/events.ts';
import type { WorkflowState } from '../engine/state.ts';
import type { Executor } from '../execution/executor.ts';

export interface RollbackChoice {
  readonly ops: readonly number[];
  readonly irreversible: readonly number[];
}

/**
 * What a rollback of the whole workflow undoes: every operation that has begun and was not undone yet. Those without
 * compensation are listed, not touched (12 §9).
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
    (executor.canUndo(plan.type) ? ops : irreversible).push(plan.index);
  }
  return { ops, irreversible };
}

export function rollbackOrderStart(state: WorkflowState, choice: RollbackChoice): WorkflowEvent {
  return { type: 'RollbackStarted', at: Date.now(), rollback: randomUUID(), ...choice };
}
