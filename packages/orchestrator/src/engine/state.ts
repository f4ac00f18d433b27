import type { Phase, TaskStatus } from '@provisioning/client';
import type { Failure } from './events.ts';
import type { PlannedOperation, WorkflowPlan } from './plan.ts';

export type Compensation = 'pending' | 'running' | 'retry' | 'done' | 'failed' | 'untouched';

export interface OperationState {
  readonly plan: PlannedOperation;
  status: TaskStatus;
  phase: Phase;
  /** Dependencies that have not settled. */
  waiting: number;
  attempt: number;
  /** Attempts lost with the process, not counted as attempts (12 §10). */
  interruptions: number;
  /** Attempts that ran into the time limit. */
  timeouts: number;
  startedAt: number | undefined;
  /** When the newest attempt or compensation began: it tells attempts apart whose counts begin anew. */
  begun: number;
  completedAt: number | undefined;
  /** When the next attempt is due. */
  due: number | undefined;
  output: unknown;
  error: Failure | undefined;
  /** Results of finished steps; read on a replay (12 §5). */
  steps: Map<string, unknown> | undefined;
  worker: string | undefined;
  compensation: Compensation | undefined;
  compensationAttempt: number;
  /** Selected dependents not yet compensated. */
  compensationWaiting: number;
  compensationError: Failure | undefined;
  /** Told by the operation, not journalled. */
  progress: number;
  step: string | undefined;
}

export interface RollbackState {
  readonly id: string;
  readonly irreversible: readonly number[];
  readonly startedAt: number;
  /** Compensations that are neither done, failed nor cut off by a failed one. */
  open: number;
  active: number;
  done: number;
  failed: number;
  completedAt: number | undefined;
  success: boolean | undefined;
}

/** State of one workflow: the fold of its events. */
export interface WorkflowState {
  readonly plan: WorkflowPlan;
  status: TaskStatus;
  phase: Phase;
  readonly operations: OperationState[];
  submittedAt: number;
  startedAt: number | undefined;
  completedAt: number | undefined;
  updatedAt: number;
  error: Failure | undefined;
  /** Operations that are Pending. */
  pending: number;
  /** Operations in an attempt or between two. */
  active: number;
  completed: number;
  failed: number;
  cancelled: number;
  /** A failure that stops the workflow (12 §3 `on_failure`). */
  halted: boolean;
  cancel: { readonly reason: string | undefined; readonly rollback: boolean } | undefined;
  timedOut: boolean;
  paused: boolean;
  rollback: RollbackState | undefined;
  /** Index of the newest started operation. */
  current: number | undefined;
}

export function initialState(plan: WorkflowPlan): WorkflowState {
  return {
    plan,
    status: 'Pending',
    phase: 'queued',
    operations: plan.operations.map((operation) => ({
      plan: operation,
      status: 'Pending',
      phase: operation.dependencies.length === 0 ? 'queued' : 'blocked',
      waiting: operation.dependencies.length,
      attempt: 0,
      interruptions: 0,
      timeouts: 0,
      startedAt: undefined,
      begun: 0,
      completedAt: undefined,
      due: undefined,
      output: undefined,
      error: undefined,
      steps: undefined,
      worker: undefined,
      compensation: undefined,
      compensationAttempt: 0,
      compensationWaiting: 0,
      compensationError: undefined,
      progress: 0,
      step: undefined,
    })),
    submittedAt: 0,
    startedAt: undefined,
    completedAt: undefined,
    updatedAt: 0,
    error: undefined,
    pending: plan.operations.length,
    active: 0,
    completed: 0,
    failed: 0,
    cancelled: 0,
    halted: false,
    cancel: undefined,
    timedOut: false,
    paused: false,
    rollback: undefined,
    current: undefined,
  };
}

/** Whether new operations may start (12 §4 item 6). */
export function acceptsStarts(state: WorkflowState): boolean {
  return (
    !state.halted &&
    !state.paused &&
    !state.timedOut &&
    state.cancel === undefined &&
    (state.status === 'Pending' || state.status === 'Running')
  );
}

/** Whether this operation is ready in a workflow that accepts starts. */
export function isStartable(state: WorkflowState, op: number): boolean {
  const operation = state.operations[op]!;
  return operation.status === 'Pending' && operation.waiting === 0 && acceptsStarts(state);
}
