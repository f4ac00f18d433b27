import { randomUUID } from 'node:crypto';
import type { WorkflowEvent } from '../engine/events.ts';
import type { WorkflowState } from '../engine/state.ts';
import type { Executor } from '../execution/executor.ts';

export interface RollbackChoice {
  readonly ops: readonly number[];
  readonly irreversible: readonly number[];
}

/**
 * What a rollback of the whole workflow undoes: every operation that completed and was not undone yet, and those that
 * failed or were cancelled half-way as far as their finished steps tell what they did. Those without compensation are
 * listed, not touched (12 §9).
 */
export function chooseRollback(
  state: WorkflowState,
  executor: Pick<Executor, 'canUndo' | 'partial'>,
  selected?: ReadonlySet<number>,
): RollbackChoice {
  const ops: number[] = [];
  const irreversible: number[] = [];
  for (const { plan, status, attempt, compensation, steps } of state.operations) {
    if (selected && !selected.has(plan.index)) continue;
    const begun = attempt > 0 && status !== 'Pending';
    if (!begun || compensation === 'done') continue;
    const known =
      status === 'Completed' || executor.partial?.(plan.type, plan.input, steps ?? none) !== undefined;
    // What failed half-way and left no trace is listed for a person to look at.
    if (known && executor.canUndo(plan.type, plan.input)) ops.push(plan.index);
    else irreversible.push(plan.index);
  }
  return { ops, irreversible };
}

const none: ReadonlyMap<string, unknown> = new Map();

export function rollbackOrderStart(state: WorkflowState, choice: RollbackChoice): WorkflowEvent {
  return { type: 'RollbackStarted', at: Date.now(), rollback: randomUUID(), ...choice };
}
