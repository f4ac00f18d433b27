import type { EventEnvelope, OperationRecord, OrchestratorEvent, WorkflowRecord } from '@provisioning/client';

export interface OperationView {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly dependencies: readonly string[];
  status: OperationRecord['status'];
  phase: OperationRecord['phase'];
  progress: number;
  attempt: number;
  step?: string;
  message?: string;
  reason?: string;
  error?: string;
  hint?: string;
  /** Milliseconds since the epoch. */
  startedAt?: number;
  endedAt?: number;
}

/** What a live view knows of a workflow: its record, brought up to date by the events that follow. */
export interface WorkflowView {
  readonly id: string;
  readonly name: string;
  status: WorkflowRecord['status'];
  phase: WorkflowRecord['phase'];
  progress: number;
  remaining: number | null;
  error?: string;
  hint?: string;
  startedAt?: number;
  endedAt?: number;
  readonly operations: Map<string, OperationView>;
  /** The newest lines of the log. */
  readonly log: string[];
}

const keptLogLines = 200;

/** The view of a workflow from its record. */
export function viewOf(record: WorkflowRecord): WorkflowView {
  const operations = (record.operations ?? []).map((operation): [string, OperationView] => [
    operation.id,
    {
      id: operation.id,
      name: operation.name,
      type: operation.type,
      dependencies: operation.dependencies.map(({ id }) => id),
      status: operation.status,
      phase: operation.phase,
      progress: operation.progress,
      attempt: operation.attempt,
      step: operation.current_step,
      reason: operation.reason,
      error: operation.error,
      hint: operation.error_detail?.hint,
      startedAt: time(operation.started_at),
      endedAt: time(operation.completed_at),
    },
  ]);
  return {
    id: record.id,
    name: record.name,
    status: record.status,
    phase: record.phase,
    progress: record.progress,
    remaining: record.estimated_time_remaining,
    error: record.error,
    hint: record.error_detail?.hint,
    startedAt: time(record.started_at) ?? time(record.created_at),
    endedAt: time(record.completed_at),
    operations: new Map(operations),
    log: [],
  };
}

/** What an event changed, for views that print one line a change. */
export type ViewChange =
  | { readonly kind: 'operation'; readonly operation: OperationView; readonly from: string }
  | { readonly kind: 'step'; readonly operation: OperationView }
  | { readonly kind: 'log'; readonly level: string; readonly message: string; readonly operation?: string }
  | { readonly kind: 'workflow' };

/** Applies one event; answers what it changed, if anything that a person would want to see. */
export function applyEvent(view: WorkflowView, envelope: EventEnvelope): ViewChange | undefined {
  const event = envelope as OrchestratorEvent;
  const at = Date.parse(envelope.timestamp);
  switch (event.event_type) {
    case 'TaskStatusChanged':
      return event.data.operation_id === undefined
        ? applyWorkflowStatus(view, event.data, at)
        : applyOperationStatus(view, event.data, at);
    case 'WorkflowProgressUpdate':
      return applyProgress(view, event.data);
    case 'LogEntry': {
      const { level, message, operation_id: operation } = event.data;
      view.log.push(operation === undefined ? message : `${operation}: ${message}`);
      if (view.log.length > keptLogLines) view.log.splice(0, view.log.length - keptLogLines);
      return { kind: 'log', level, message, operation };
    }
    case 'WorkflowCompleted':
      view.status = 'Completed';
      view.progress = 100;
      view.endedAt = at;
      return { kind: 'workflow' };
    case 'WorkflowFailed':
      view.status = event.data.status;
      view.error = event.data.error;
      view.hint = event.data.hint;
      view.endedAt = at;
      return { kind: 'workflow' };
    default:
      return undefined;
  }
}

type StatusData = Extract<OrchestratorEvent, { event_type: 'TaskStatusChanged' }>['data'];

function applyWorkflowStatus(view: WorkflowView, data: StatusData, at: number): undefined {
  view.status = data.status;
  view.phase = data.phase;
  view.progress = Math.max(view.progress, data.progress);
  if (data.status === 'Running') view.startedAt ??= at;
  return undefined;
}

function applyOperationStatus(view: WorkflowView, data: StatusData, at: number): ViewChange | undefined {
  const id = data.operation_id!;
  const operation = view.operations.get(id) ?? newOperation(id, data);
  view.operations.set(id, operation);
  const from = operation.status;
  const changed = from !== data.status || operation.phase !== data.phase;
  operation.status = data.status;
  operation.phase = data.phase;
  operation.progress = data.progress;
  operation.attempt = data.attempt ?? operation.attempt;
  operation.reason = data.reason;
  operation.error = data.error ?? (data.status === 'Failed' ? operation.error : undefined);
  operation.hint = data.hint ?? operation.hint;
  if (data.status === 'Running') operation.startedAt ??= at;
  if (isFinal(data.status)) operation.endedAt = at;
  else operation.endedAt = undefined;
  return changed ? { kind: 'operation', operation, from } : undefined;
}

function applyProgress(
  view: WorkflowView,
  data: Extract<OrchestratorEvent, { event_type: 'WorkflowProgressUpdate' }>['data'],
): ViewChange | undefined {
  view.progress = Math.max(view.progress, data.progress);
  view.remaining = data.estimated_time_remaining;
  const details = data.step_details;
  if (!details) return undefined;
  const operation = view.operations.get(details.operation_id);
  if (!operation) return undefined;
  const before = `${operation.step}/${operation.message}`;
  operation.step = details.step_name;
  operation.message = details.step_message;
  operation.progress = Math.max(operation.progress, details.step_progress);
  return before === `${operation.step}/${operation.message}` ? undefined : { kind: 'step', operation };
}

function newOperation(id: string, data: StatusData): OperationView {
  return {
    id,
    name: data.name,
    type: data.type ?? '',
    dependencies: [],
    status: 'Pending',
    phase: data.phase,
    progress: 0,
    attempt: 1,
  };
}

export function isFinal(status: string): boolean {
  return status === 'Completed' || status === 'Failed' || status === 'Cancelled';
}

function time(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text);
}
