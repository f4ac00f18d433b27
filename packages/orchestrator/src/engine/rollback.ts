import type { Emit } from './commands.ts';
import type { WorkflowEvent } from './events.ts';
import type { OperationState, WorkflowState } from './state.ts';

const rollbackTypes = [
  'RollbackStarted',
  'CompensationStarted',
  'CompensationRetryScheduled',
  'CompensationCompleted',
  'CompensationFailed',
  'WorkflowRolledBack',
] as const;
type RollbackEvent = Extract<WorkflowEvent, { type: (typeof rollbackTypes)[number] }>;
const types: ReadonlySet<string> = new Set(rollbackTypes);

export function isRollbackEvent(event: WorkflowEvent): event is RollbackEvent {
  return types.has(event.type);
}

/** The rollback part of the state machine: compensations in reverse dependency order (12 §9). */
export function applyRollback(state: WorkflowState, event: RollbackEvent, emit: Emit): void {
  switch (event.type) {
    case 'RollbackStarted':
      begin(state, event, emit);
      return;
    case 'CompensationStarted': {
      const operation = state.operations[event.op]!;
      if (operation.compensation !== 'running') state.rollback!.active++;
      operation.compensation = 'running';
      operation.compensationAttempt = event.attempt;
      operation.begun = event.at;
      operation.phase = 'rolling_back';
      return;
    }
    case 'CompensationRetryScheduled': {
      const operation = state.operations[event.op]!;
      operation.compensation = 'retry';
      operation.due = event.due;
      operation.compensationError = event.error;
      state.rollback!.active--;
      emit({ kind: 'retry', op: event.op, due: event.due, undo: true });
      return;
    }
    case 'CompensationCompleted': {
      const operation = close(state, event.op, 'done');
      operation.phase = 'rolled_back';
      operation.compensationError = undefined;
      state.rollback!.done++;
      for (const { operation: target } of operation.plan.dependencies) {
        const dependency = state.operations[target]!;
        if (dependency.compensation === 'pending' && --dependency.compensationWaiting === 0) {
          emit({ kind: 'undo', op: target });
        }
      }
      finishIfDone(state, emit);
      return;
    }
    case 'CompensationFailed': {
      const operation = close(state, event.op, 'failed');
      operation.phase = 'rollback_failed';
      operation.compensationError = event.error;
      state.rollback!.failed++;
      leaveDependencies(state, operation);
      finishIfDone(state, emit);
      return;
    }
    case 'WorkflowRolledBack': {
      const rollback = state.rollback!;
      rollback.completedAt = event.at;
      rollback.success = event.success;
      state.phase = event.success ? 'rolled_back' : 'rollback_failed';
      return;
    }
  }
}

/** What an unfinished rollback asks for after a restart. */
export function rollbackCommands(state: WorkflowState, emit: Emit): void {
  for (const { compensation, compensationWaiting, due, plan } of state.operations) {
    if (compensation === 'pending' && compensationWaiting === 0) emit({ kind: 'undo', op: plan.index });
    else if (compensation === 'running') emit({ kind: 'undo', op: plan.index });
    else if (compensation === 'retry') emit({ kind: 'retry', op: plan.index, due: due ?? 0, undo: true });
  }
  finishIfDone(state, emit);
}

/** Whether the compensation may be put to work now. */
export function mayUndo(state: WorkflowState, op: number): boolean {
  const { compensation, compensationWaiting } = state.operations[op]!;
  if (state.rollback === undefined || state.rollback.completedAt !== undefined) return false;
  return compensation === 'retry' || (compensation === 'pending' && compensationWaiting === 0);
}

/** A compensation that was running when the process was lost begins again. */
export function interruptCompensations(state: WorkflowState): void {
  for (const operation of state.operations) {
    if (operation.compensation !== 'running') continue;
    operation.compensation = 'pending';
    state.rollback!.active--;
  }
}

function begin(
  state: WorkflowState,
  event: Extract<RollbackEvent, { type: 'RollbackStarted' }>,
  emit: Emit,
): void {
  state.rollback = {
    id: event.rollback,
    irreversible: event.irreversible,
    startedAt: event.at,
    open: event.ops.length,
    active: 0,
    done: 0,
    failed: 0,
    completedAt: undefined,
    success: undefined,
  };
  state.phase = 'rolling_back';
  for (const op of event.ops) {
    const operation = state.operations[op]!;
    operation.compensation = 'pending';
    operation.compensationAttempt = 0;
    operation.compensationWaiting = 0;
  }
  for (const op of event.ops) {
    for (const { operation: target } of state.operations[op]!.plan.dependencies) {
      const dependency = state.operations[target]!;
      if (dependency.compensation === 'pending') dependency.compensationWaiting++;
    }
  }
  for (const op of event.ops) {
    if (state.operations[op]!.compensationWaiting === 0) emit({ kind: 'undo', op });
  }
  finishIfDone(state, emit);
}

function close(state: WorkflowState, op: number, compensation: 'done' | 'failed'): OperationState {
  const operation = state.operations[op]!;
  const rollback = state.rollback!;
  rollback.open--;
  rollback.active--;
  operation.compensation = compensation;
  operation.due = undefined;
  return operation;
}

/** What the operation of a failed compensation was built on stays as it is, all the way down (12 §9 item 6). */
function leaveDependencies(state: WorkflowState, failed: OperationState): void {
  const left = [failed];
  for (let next = left.pop(); next; next = left.pop()) {
    for (const { operation: target } of next.plan.dependencies) {
      const dependency = state.operations[target]!;
      if (dependency.compensation !== 'pending') continue;
      dependency.compensation = 'untouched';
      state.rollback!.open--;
      left.push(dependency);
    }
  }
}

function finishIfDone(state: WorkflowState, emit: Emit): void {
  const { open, failed } = state.rollback!;
  if (open === 0) emit({ kind: 'finish-rollback', success: failed === 0 });
}
