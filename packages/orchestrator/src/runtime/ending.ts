import type { WorkflowEvent } from '../engine/events.ts';
import { decideRetry } from '../engine/retry.ts';
import type { WorkflowState } from '../engine/state.ts';
import type { Outcome } from '../execution/attempt.ts';
import type { Assignment } from '../execution/executor.ts';

/**
 * The event by which an attempt's outcome goes into the journal; nothing when the state has gone on without it.
 * @param random in [0, 1), for the jitter of retries
 */
export function endingOf(
  state: WorkflowState,
  assignment: Assignment,
  outcome: Outcome,
  at: number,
  random: number,
): WorkflowEvent | undefined {
  return assignment.undo
    ? undoEnding(state, assignment, outcome, at, random)
    : runEnding(state, assignment, outcome, at, random);
}

function runEnding(
  state: WorkflowState,
  { operation, attempt }: Assignment,
  outcome: Outcome,
  at: number,
  random: number,
): WorkflowEvent | undefined {
  const op = operation.index;
  const own = state.operations[op]!;
  const underWay = own.phase === 'running' || own.phase === 'cancelling';
  if (own.status !== 'Running' || !underWay || own.attempt !== attempt) return undefined;
  if (outcome.ok) return { type: 'OperationCompleted', at, op, output: outcome.output };
  if (state.cancel || state.timedOut) return { type: 'OperationCancelled', at, op };
  const decision = decideRetry(outcome.failure, attempt, own.timeouts, operation.retry, random);
  if (!decision.again) return { type: 'OperationFailed', at, op, error: decision.error };
  const due = at + Math.round(decision.delay * 1000);
  return { type: 'RetryScheduled', at, op, due, error: outcome.failure };
}

function undoEnding(
  state: WorkflowState,
  { operation, attempt }: Assignment,
  outcome: Outcome,
  at: number,
  random: number,
): WorkflowEvent | undefined {
  const op = operation.index;
  if (state.operations[op]!.compensation !== 'running') return undefined;
  // What is gone already needs no undoing (12 §9 item 5).
  if (outcome.ok || outcome.failure.kind === 'not-found') return { type: 'CompensationCompleted', at, op };
  const decision = decideRetry(outcome.failure, attempt, 0, operation.retry, random);
  if (!decision.again) return { type: 'CompensationFailed', at, op, error: decision.error };
  const due = at + Math.round(decision.delay * 1000);
  return { type: 'CompensationRetryScheduled', at, op, due, error: outcome.failure };
}
