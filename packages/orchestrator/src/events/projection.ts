import type { EventEnvelope, TaskStatus } from '@provisioning/client';
import type { WorkflowEvent } from '../engine/events.ts';
import { taskId } from '../engine/identifiers.ts';
import type { WorkflowState } from '../engine/state.ts';
import { workflowProgress } from '../views/progress.ts';
import { workflowResult } from '../views/records.ts';
import { resourceChanges } from './resource-changes.ts';

/** Events after which the status of more than one operation may differ. */
const wide: ReadonlySet<string> = new Set([
  'OperationFailed',
  'OperationCancelled',
  'CancelRequested',
  'WorkflowTimedOut',
  'WorkflowResumed',
]);
const quiet: ReadonlySet<string> = new Set(['WorkflowSubmitted', 'StepCompleted']);

/**
 * What subscribers see of one journal event. It is a function of the journal alone, so that live delivery, replay
 * and polling give the same events under the same ids.
 *
 * @param change applies the event to `state`
 */
export function project(
  state: WorkflowState,
  sequence: number,
  event: WorkflowEvent,
  change: () => void,
): EventEnvelope[] {
  const statusBefore = state.status;
  const op = 'op' in event ? event.op : undefined;
  const before: TaskStatus[] | undefined = wide.has(event.type)
    ? state.operations.map((operation) => operation.status)
    : undefined;
  const own = op === undefined ? undefined : state.operations[op]!.status;
  change();
  if (quiet.has(event.type)) return [];
  const envelopes: EventEnvelope[] = [];
  const push = (
    event_type: string,
    data: Record<string, unknown>,
    metadata: Record<string, unknown> = {},
  ) => {
    const { plan } = state;
    envelopes.push({
      id: `${sequence}-${envelopes.length}`,
      event_type,
      timestamp: new Date(event.at).toISOString(),
      data,
      metadata: { workflow_id: plan.id, workflow_type: plan.kind, infra: plan.infra, ...metadata },
    } as EventEnvelope);
  };
  if (op !== undefined)
    push('TaskStatusChanged', taskStatus(state, op, own!), { task_id: taskId(state.plan.id, op) });
  before?.forEach((previous, index) => {
    if (index === op || state.operations[index]!.status === previous) return;
    push('TaskStatusChanged', taskStatus(state, index, previous), { task_id: taskId(state.plan.id, index) });
  });
  const { id, name } = state.plan;
  if (
    state.status !== statusBefore ||
    event.type.startsWith('Workflow') ||
    event.type === 'CancelRequested'
  ) {
    push('TaskStatusChanged', workflowStatus(state, statusBefore), { task_id: id });
  }
  if (event.type === 'OperationCompleted' || before) push('WorkflowProgressUpdate', progressData(state));
  const ended = event.type === 'OperationCompleted' || event.type === 'CompensationCompleted';
  if (ended && !state.plan.checkMode) {
    const undone = event.type === 'CompensationCompleted';
    for (const { event_type, data } of resourceChanges(state.operations[event.op]!.plan, undone))
      push(event_type, { ...data, workflow_id: id });
  }
  if (event.type === 'WorkflowStarted') push('WorkflowStarted', { workflow_id: id, name });
  if (event.type === 'WorkflowCompleted') {
    push('WorkflowCompleted', { workflow_id: id, name, result: workflowResult(state) });
  }
  if (event.type === 'WorkflowFailed' || event.type === 'WorkflowCancelled') {
    const error = state.error?.message ?? (state.cancel?.reason || 'Workflow cancelled');
    push('WorkflowFailed', { workflow_id: id, name, status: state.status, error, hint: state.error?.hint });
  }
  if (state.plan.kind === 'batch' && (op !== undefined || state.status !== statusBefore)) {
    push('BatchOperationUpdate', batchData(state), {
      total_operations: state.operations.length,
      completed_operations: state.completed,
      failed_operations: state.failed,
    });
  }
  return envelopes;
}

export function progressData(state: WorkflowState): Record<string, unknown> {
  const progress = workflowProgress(state);
  const current = state.current === undefined ? undefined : state.operations[state.current]!;
  return {
    workflow_id: state.plan.id,
    name: state.plan.name,
    progress: progress.percent,
    current_step: current?.step ?? current?.plan.name,
    total_steps: state.operations.length,
    completed_steps: progress.ended,
    estimated_time_remaining: null,
  };
}

function taskStatus(state: WorkflowState, op: number, previous: TaskStatus): Record<string, unknown> {
  const operation = state.operations[op]!;
  const error = operation.compensationError ?? operation.error;
  return {
    task_id: taskId(state.plan.id, op),
    workflow_id: state.plan.id,
    operation_id: operation.plan.id,
    name: operation.plan.name,
    type: operation.plan.type,
    status: operation.status,
    phase: operation.phase,
    previous_status: previous,
    progress: operation.progress,
    attempt: operation.attempt,
    ...(operation.due === undefined ? {} : { next_attempt_at: new Date(operation.due).toISOString() }),
    ...(error === undefined ? {} : { error: error.message, hint: error.hint }),
  };
}

function workflowStatus(state: WorkflowState, previous: TaskStatus): Record<string, unknown> {
  return {
    task_id: state.plan.id,
    workflow_id: state.plan.id,
    name: state.plan.name,
    status: state.status,
    phase: state.phase,
    previous_status: previous,
    progress: workflowProgress(state).percent,
    ...(state.error === undefined ? {} : { error: state.error.message, hint: state.error.hint }),
  };
}

function batchData(state: WorkflowState): Record<string, unknown> {
  return {
    batch_id: state.plan.id,
    name: state.plan.name,
    status: state.status,
    progress: workflowProgress(state).percent,
    operations: state.operations.map(({ plan, status, progress }) => ({ id: plan.id, status, progress })),
  };
}
