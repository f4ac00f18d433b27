import type { Command, Emit } from './commands.ts';
import type { WorkflowEvent } from './events.ts';
import { applyRollback, isRollbackEvent, rollbackCommands } from './rollback.ts';
import { acceptsStarts, isStartable, type OperationState, type WorkflowState } from './state.ts';

/**
 * Applies one event. The state is changed in place: its owner holds the only reference, and a graph of 100,000
 * operations is not copied for each event. The work is proportional to what the event changes.
 */
export function apply(state: WorkflowState, event: WorkflowEvent, emit: Emit): void {
  state.updatedAt = event.at;
  if (isRollbackEvent(event)) {
    applyRollback(state, event, emit);
    return;
  }
  switch (event.type) {
    case 'WorkflowSubmitted':
      state.submittedAt = event.at;
      emitReady(state, emit);
      return;
    case 'WorkflowStarted':
      state.status = 'Running';
      state.phase = state.paused ? 'paused' : 'running';
      state.startedAt ??= event.at;
      return;
    case 'OperationStarted': {
      const operation = state.operations[event.op]!;
      if (operation.status === 'Pending') {
        state.pending--;
        state.active++;
      }
      operation.status = 'Running';
      operation.phase = 'running';
      operation.attempt = event.attempt;
      operation.startedAt ??= event.at;
      operation.begun = event.at;
      operation.due = undefined;
      operation.worker = event.worker;
      operation.progress = 0;
      state.current = event.op;
      return;
    }
    case 'StepCompleted': {
      const operation = state.operations[event.op]!;
      (operation.steps ??= new Map()).set(event.step, event.result);
      return;
    }
    case 'OperationCompleted': {
      const operation = end(state, event.op, 'Completed', event.at);
      operation.output = event.output;
      operation.error = undefined;
      operation.progress = 100;
      settle(state, event.op, event.at, emit);
      finishIfDone(state, emit);
      return;
    }
    case 'OperationFailed': {
      const operation = end(state, event.op, 'Failed', event.at);
      operation.error = event.error;
      if (!operation.plan.continueOnError) {
        state.error ??= event.error;
        if (state.plan.onFailure !== 'continue') state.halted = true;
      }
      settle(state, event.op, event.at, emit);
      finishIfDone(state, emit);
      return;
    }
    case 'RetryScheduled': {
      const operation = state.operations[event.op]!;
      operation.phase = 'retry_wait';
      operation.due = event.due;
      operation.error = event.error;
      if (event.error.timeout) operation.timeouts++;
      emit({ kind: 'retry', op: event.op, due: event.due, undo: false });
      return;
    }
    case 'OperationInterrupted': {
      const operation = state.operations[event.op]!;
      operation.phase = 'interrupted';
      operation.interruptions++;
      emit({ kind: 'run', op: event.op });
      return;
    }
    case 'OperationCancelled':
      end(state, event.op, 'Cancelled', event.at);
      settle(state, event.op, event.at, emit);
      finishIfDone(state, emit);
      return;
    case 'CancelRequested':
      state.cancel = { reason: event.reason, rollback: event.rollback ?? false };
      stopAll(state, event.at, emit);
      return;
    case 'WorkflowTimedOut':
      state.timedOut = true;
      state.error = {
        code: 'WORKFLOW_TIMEOUT',
        message: `Workflow timed out after ${state.plan.timeout / 1000}s`,
      };
      stopAll(state, event.at, emit);
      return;
    case 'WorkflowPaused':
      state.paused = true;
      state.phase = 'paused';
      return;
    case 'WorkflowUnpaused':
      state.paused = false;
      state.phase = state.status === 'Pending' ? 'queued' : 'running';
      emitReady(state, emit);
      emitWaiting(state, emit);
      return;
    case 'WorkflowResumed':
      resume(state, new Set(event.again), emit);
      return;
    case 'WorkflowCompleted':
    case 'WorkflowFailed':
    case 'WorkflowCancelled':
      finish(state, event, emit);
      return;
  }
}

/** Everything a state asks for, found by looking at all of it: used once, after a restart. */
export function pendingCommands(state: WorkflowState): Command[] {
  const commands: Command[] = [];
  const emit: Emit = (command) => commands.push(command);
  if (state.rollback && state.rollback.completedAt === undefined) {
    rollbackCommands(state, emit);
    return commands;
  }
  if (state.status !== 'Pending' && state.status !== 'Running') {
    if (wantsRollback(state)) emit({ kind: 'start-rollback' });
    return commands;
  }
  emitReady(state, emit);
  emitWaiting(state, emit);
  finishIfDone(state, emit);
  return commands;
}

/** Whether the operation may be put to work now: ready, due for a retry, or interrupted. */
export function mayRun(state: WorkflowState, op: number): boolean {
  const operation = state.operations[op]!;
  if (operation.status === 'Pending') return isStartable(state, op);
  const between = operation.phase === 'retry_wait' || operation.phase === 'interrupted';
  return operation.status === 'Running' && between && !state.cancel && !state.timedOut && !state.paused;
}

function end(
  state: WorkflowState,
  op: number,
  status: 'Completed' | 'Failed' | 'Cancelled',
  at: number,
): OperationState {
  const operation = state.operations[op]!;
  if (operation.status === 'Pending') state.pending--;
  else state.active--;
  operation.status = status;
  operation.phase = 'done';
  operation.completedAt = at;
  operation.due = undefined;
  if (status === 'Completed') state.completed++;
  else if (status === 'Failed') state.failed++;
  else state.cancelled++;
  return operation;
}

/** Tells the dependents that an operation ended; those that needed its success are skipped, and theirs in turn. */
function settle(state: WorkflowState, op: number, at: number, emit: Emit): void {
  const ended = [op];
  for (let next = ended.pop(); next !== undefined; next = ended.pop()) {
    const { status, plan } = state.operations[next]!;
    for (const { operation: target, hard } of plan.dependents) {
      const dependent = state.operations[target]!;
      if (dependent.status !== 'Pending') continue;
      if (hard && status !== 'Completed') {
        end(state, target, 'Cancelled', at);
        dependent.phase = 'skipped';
        dependent.error = { code: 'DEPENDENCY_FAILED', message: `dependency '${plan.id}' failed` };
        ended.push(target);
      } else if (--dependent.waiting === 0) {
        dependent.phase = 'queued';
        if (acceptsStarts(state)) emit({ kind: 'run', op: target });
      }
    }
  }
}

function finishIfDone(state: WorkflowState, emit: Emit): void {
  if (state.active > 0) return;
  const stopped = state.halted || state.timedOut || state.cancel !== undefined;
  if (state.pending > 0 && !stopped) return;
  emit({ kind: 'finish', status: outcome(state) });
}

/** How a workflow in which nothing runs any more has ended (12 §2). */
function outcome(state: WorkflowState): 'Completed' | 'Failed' | 'Cancelled' {
  if (state.timedOut) return 'Failed';
  if (state.cancel && state.completed < state.operations.length) return 'Cancelled';
  if (state.error !== undefined || state.pending > 0) return 'Failed';
  return 'Completed';
}

/** Cancel or time limit: what has not begun ends now, what runs is told to stop. */
function stopAll(state: WorkflowState, at: number, emit: Emit): void {
  if (state.status === 'Running' || state.status === 'Pending') state.phase = 'cancelling';
  state.operations.forEach((operation, op) => {
    if (operation.status === 'Pending') end(state, op, 'Cancelled', at);
    else if (operation.status === 'Running') {
      if (operation.phase === 'running' || operation.phase === 'cancelling') {
        operation.phase = 'cancelling';
        emit({ kind: 'abort', op });
      } else end(state, op, 'Cancelled', at);
    }
  });
  finishIfDone(state, emit);
}

function finish(
  state: WorkflowState,
  event: Extract<WorkflowEvent, { type: 'WorkflowCompleted' | 'WorkflowFailed' | 'WorkflowCancelled' }>,
  emit: Emit,
): void {
  state.status =
    event.type === 'WorkflowCompleted'
      ? 'Completed'
      : event.type === 'WorkflowFailed'
        ? 'Failed'
        : 'Cancelled';
  state.phase = 'done';
  state.completedAt = event.at;
  if (event.type === 'WorkflowFailed') state.error ??= event.error;
  if (wantsRollback(state)) emit({ kind: 'start-rollback' });
}

/** Whether the end of the workflow starts its rollback without being asked (12 §9). */
function wantsRollback(state: WorkflowState): boolean {
  if (!state.plan.rollbackEnabled || state.rollback || state.plan.checkMode) return false;
  if (state.status === 'Failed') return state.plan.onFailure === 'rollback';
  return state.status === 'Cancelled' && state.cancel?.rollback === true;
}

/** New attempts for all that did not complete or was undone; what completed stays (12 §8). */
function resume(state: WorkflowState, again: ReadonlySet<number>, emit: Emit): void {
  state.status = 'Pending';
  state.phase = 'queued';
  state.completedAt = undefined;
  state.error = undefined;
  state.halted = false;
  state.cancel = undefined;
  state.timedOut = false;
  state.paused = false;
  state.rollback = undefined;
  state.pending = state.active = state.completed = state.failed = state.cancelled = 0;
  state.operations.forEach((operation, op) => {
    // A compensation that failed may have undone a part of it.
    const undone = operation.compensation === 'done' || operation.compensation === 'failed';
    if (operation.status === 'Completed' && !undone && !again.has(op)) {
      operation.compensation = undefined;
      state.completed++;
      return;
    }
    if (undone || again.has(op)) operation.steps = undefined;
    const { removed } = operation.plan;
    Object.assign(operation, {
      status: removed ? 'Cancelled' : 'Pending',
      attempt: 0,
      interruptions: 0,
      timeouts: 0,
      startedAt: undefined,
      completedAt: undefined,
      due: undefined,
      output: undefined,
      error: undefined,
      compensation: undefined,
      compensationAttempt: 0,
      compensationError: undefined,
      progress: 0,
    } satisfies Partial<OperationState>);
    if (removed) {
      operation.phase = 'skipped';
      operation.error = { code: 'REMOVED', message: 'removed from the workflow' };
      state.cancelled++;
    } else state.pending++;
  });
  for (const operation of state.operations) {
    if (operation.status !== 'Pending') continue;
    operation.waiting = operation.plan.dependencies.filter(
      (edge) => state.operations[edge.operation]!.status !== 'Completed',
    ).length;
    operation.phase = operation.waiting === 0 ? 'queued' : 'blocked';
  }
  emitReady(state, emit);
  finishIfDone(state, emit);
}

function emitReady(state: WorkflowState, emit: Emit): void {
  if (!acceptsStarts(state)) return;
  for (const operation of state.operations) {
    if (operation.status === 'Pending' && operation.waiting === 0)
      emit({ kind: 'run', op: operation.plan.index });
  }
}

/** Commands of operations between two attempts. */
function emitWaiting(state: WorkflowState, emit: Emit): void {
  for (const { status, phase, due, plan } of state.operations) {
    if (status !== 'Running') continue;
    if (phase === 'retry_wait') emit({ kind: 'retry', op: plan.index, due: due ?? 0, undo: false });
    else if (phase === 'interrupted') emit({ kind: 'run', op: plan.index });
    else if (phase === 'cancelling') emit({ kind: 'abort', op: plan.index });
  }
}
