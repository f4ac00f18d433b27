import type { ErrorDetail } from '@provisioning/client';

/** Why an attempt ended without success; `retryable` is the error's own word. */
export interface Failure extends ErrorDetail {
  readonly retryable?: boolean;
  /** Seconds that the other side asked us to wait. */
  readonly retryAfter?: number;
  /** The attempt ran into its time limit. */
  readonly timeout?: boolean;
}

interface At {
  /** Milliseconds since the epoch, taken when the event was made. */
  readonly at: number;
}
interface OfOperation extends At {
  /** Index of the operation in the plan. */
  readonly op: number;
}

/**
 * The journal of a workflow (12 §10). State is nothing but the fold of these; what follows from an event by rule
 * (operations that become ready, operations skipped because a dependency failed) is not an event of its own.
 */
export type WorkflowEvent =
  | ({ readonly type: 'WorkflowSubmitted' } & At)
  | ({ readonly type: 'WorkflowStarted' } & At)
  | ({ readonly type: 'OperationStarted'; readonly attempt: number; readonly worker?: string } & OfOperation)
  | ({ readonly type: 'StepCompleted'; readonly step: string; readonly result?: unknown } & OfOperation)
  | ({ readonly type: 'OperationCompleted'; readonly output?: unknown } & OfOperation)
  /** The attempt failed and another one will be made at `due`. */
  | ({ readonly type: 'RetryScheduled'; readonly due: number; readonly error: Failure } & OfOperation)
  | ({ readonly type: 'OperationFailed'; readonly error: Failure } & OfOperation)
  /** The process was lost while the attempt ran (12 §10 item 4). */
  | ({ readonly type: 'OperationInterrupted' } & OfOperation)
  | ({ readonly type: 'OperationCancelled' } & OfOperation)
  | ({ readonly type: 'CancelRequested'; readonly reason?: string; readonly rollback?: boolean } & At)
  | ({ readonly type: 'WorkflowPaused' } & At)
  | ({ readonly type: 'WorkflowUnpaused' } & At)
  | ({ readonly type: 'WorkflowTimedOut' } & At)
  /** Failed, cancelled and skipped operations run again; completed ones stay (12 §8). */
  | ({ readonly type: 'WorkflowResumed'; readonly again?: readonly number[] } & At)
  | ({ readonly type: 'WorkflowCompleted' } & At)
  | ({ readonly type: 'WorkflowFailed'; readonly error: Failure } & At)
  | ({ readonly type: 'WorkflowCancelled' } & At)
  | ({
      readonly type: 'RollbackStarted';
      readonly rollback: string;
      readonly ops: readonly number[];
      readonly irreversible: readonly number[];
    } & At)
  | ({ readonly type: 'CompensationStarted'; readonly attempt: number } & OfOperation)
  | ({
      readonly type: 'CompensationRetryScheduled';
      readonly due: number;
      readonly error: Failure;
    } & OfOperation)
  | ({ readonly type: 'CompensationCompleted' } & OfOperation)
  | ({ readonly type: 'CompensationFailed'; readonly error: Failure } & OfOperation)
  | ({ readonly type: 'WorkflowRolledBack'; readonly success: boolean } & At);

export type EventType = WorkflowEvent['type'];
