import type { WorkflowEvent } from '../engine/events.ts';
import { taskId } from '../engine/identifiers.ts';
import type { WorkflowState } from '../engine/state.ts';
import { workflowProgress } from '../views/progress.ts';

/** Characters of an operation's output that travel (13 §7). */
const outputLimit = 4096;

/** What a journal event is called outside, with its data; nothing for most. */
export function webhookEvents(state: WorkflowState, event: WorkflowEvent): [string, unknown][] {
  const subject = state.plan.kind === 'batch' ? 'batch' : 'workflow';
  switch (event.type) {
    case 'WorkflowSubmitted':
      return [[`${subject}.created`, rootData(state)]];
    case 'WorkflowStarted':
      return [[`${subject}.started`, rootData(state)]];
    case 'WorkflowCompleted':
    case 'WorkflowFailed':
    case 'WorkflowCancelled':
      return [[`${subject}.${state.status.toLowerCase()}`, rootData(state)]];
    case 'OperationStarted':
      return [['task.started', taskData(state, event.op)]];
    case 'OperationCompleted':
    case 'OperationFailed':
    case 'OperationCancelled':
      return [[`task.${state.operations[event.op]!.status.toLowerCase()}`, taskData(state, event.op)]];
    case 'WorkflowRolledBack':
      return [
        [
          event.success ? 'rollback.completed' : 'rollback.failed',
          { rollback_id: state.rollback?.id, workflow_id: state.plan.id },
        ],
      ];
    default:
      return [];
  }
}

function rootData(state: WorkflowState) {
  const { id, name, kind } = state.plan;
  const { length: total } = state.operations;
  return {
    ...(kind === 'batch' ? { batch_id: id } : { workflow_id: id, task_id: id }),
    name,
    status: state.status.toLowerCase(),
    infra: state.plan.infra,
    progress: workflowProgress(state).percent,
    operations: { total, completed: state.completed, failed: state.failed },
    ...(state.error === undefined ? {} : { error: state.error.message }),
  };
}

function taskData(state: WorkflowState, op: number) {
  const { plan, status, output, error, progress } = state.operations[op]!;
  const text =
    output === undefined ? undefined : typeof output === 'string' ? output : JSON.stringify(output);
  return {
    task_id: taskId(state.plan.id, op),
    name: plan.name,
    status: status.toLowerCase(),
    infra: plan.infra,
    progress,
    ...(text === undefined ? {} : { output: text.slice(-outputLimit) }),
    ...(error === undefined ? {} : { error: error.message }),
  };
}
