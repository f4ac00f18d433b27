import type { OperationRecord, Task, WorkflowRecord } from '@provisioning/client';
import type { Failure } from '../engine/events.ts';
import { taskId } from '../engine/identifiers.ts';
import type { OperationState, WorkflowState } from '../engine/state.ts';
import { workflowProgress } from './progress.ts';

/** Facts of a submission that are no part of the engine's state. */
export interface SubmissionFacts {
  readonly createdBy?: string;
  readonly requestId?: string;
  readonly idempotencyKey?: string;
}

/** Bytes of output kept in a task record; the whole is in the log (12 §18). */
const outputLimit = 64 * 1024;

/** @param remaining seconds that it is expected to take still, where that is known */
export function workflowRecord(
  state: WorkflowState,
  facts: SubmissionFacts,
  remaining: number | null = null,
): WorkflowRecord {
  const { plan } = state;
  const progress = workflowProgress(state);
  const current = state.current === undefined ? undefined : state.operations[state.current]!;
  return {
    id: plan.id,
    name: plan.name,
    version: plan.version,
    kind: plan.kind,
    status: state.status,
    phase: state.phase,
    workspace: plan.workspace?.name,
    infra: plan.infra,
    environment: plan.environment,
    priority: plan.priority,
    parallel_limit: plan.parallelLimit,
    on_failure: plan.onFailure,
    rollback_enabled: plan.rollbackEnabled,
    check_mode: plan.checkMode,
    labels: plan.labels as Record<string, string>,
    progress: progress.percent,
    current_step: current?.step ?? current?.plan.name,
    total_steps: state.operations.length,
    completed_steps: progress.ended,
    failed_steps: state.failed,
    estimated_time_remaining: remaining,
    created_at: iso(state.submittedAt)!,
    started_at: iso(state.startedAt),
    completed_at: iso(state.completedAt),
    updated_at: iso(state.updatedAt)!,
    created_by: facts.createdBy,
    request_id: facts.requestId,
    idempotency_key: facts.idempotencyKey,
    rollback_id: state.rollback?.id,
    ...(state.completedAt === undefined ? {} : { result: workflowResult(state) }),
    ...errorFields(state.error),
  };
}

/** `{status, completed, failed, skipped, not_started}` with operation ids (12 §6). */
export function workflowResult(state: WorkflowState): Record<string, unknown> {
  const ids = (wanted: (operation: OperationState) => boolean) =>
    state.operations.filter(wanted).map(({ plan }) => plan.id);
  const failed = ids((operation) => operation.status === 'Failed');
  return {
    status: state.status === 'Completed' ? (failed.length === 0 ? 'success' : 'partial') : 'error',
    completed: ids((operation) => operation.status === 'Completed'),
    failed,
    skipped: ids((operation) => operation.status === 'Cancelled'),
    not_started: ids((operation) => operation.status === 'Pending'),
  };
}

export function operationRecord(
  state: WorkflowState,
  operation: OperationState,
  reason?: string,
): OperationRecord {
  const { plan } = operation;
  return {
    id: plan.id,
    task_id: taskId(state.plan.id, plan.index),
    workflow_id: state.plan.id,
    name: plan.name,
    type: plan.type,
    provider: plan.provider,
    dependencies: plan.dependencies.map((edge) => ({
      id: state.plan.operations[edge.operation]!.id,
      kind: edge.hard ? 'hard' : 'soft',
    })),
    resources: [...plan.resources],
    status: operation.status,
    phase: operation.phase,
    reason,
    progress: operation.progress,
    current_step: operation.step,
    attempt: operation.attempt,
    max_attempts: plan.retry.max_attempts,
    results: operation.output,
    started_at: iso(operation.startedAt),
    completed_at: iso(operation.completedAt),
    next_attempt_at: iso(operation.due),
    ...errorFields(operation.compensationError ?? operation.error),
  };
}

/** The workflow itself as a task. */
export function rootTask(state: WorkflowState, facts: SubmissionFacts): Task {
  const record = workflowRecord(state, facts);
  return {
    ...base(state, facts),
    id: record.id,
    name: record.name,
    type: record.kind,
    command: 'workflow submit',
    args: [record.name],
    dependencies: state.operations.map(({ plan }) => taskId(record.id, plan.index)),
    root_id: record.id,
    priority: record.priority,
    status: record.status,
    phase: record.phase,
    progress: record.progress,
    attempt: 1,
    max_attempts: 1,
    started_at: record.started_at,
    completed_at: record.completed_at,
    result: record.result,
    labels: record.labels,
    rollback_id: record.rollback_id,
    ...output(state.completedAt === undefined ? undefined : rootOutput(state)),
    ...errorFields(state.error),
  };
}

export function operationTask(state: WorkflowState, operation: OperationState, facts: SubmissionFacts): Task {
  const { plan } = operation;
  const [domain, verb] = plan.type.split('.');
  return {
    ...base(state, facts),
    id: taskId(state.plan.id, plan.index),
    name: plan.name,
    type: plan.type,
    command: `${domain} ${verb ?? ''}`.trim(),
    args: [plan.id],
    dependencies: [],
    parent_id: state.plan.id,
    root_id: state.plan.id,
    priority: plan.priority,
    status: operation.status,
    phase: operation.phase,
    progress: operation.progress,
    attempt: operation.attempt,
    max_attempts: plan.retry.max_attempts,
    started_at: iso(operation.startedAt),
    completed_at: iso(operation.completedAt),
    idempotency_key: `${state.plan.id}/${plan.id}`,
    labels: plan.labels as Record<string, string>,
    worker: operation.worker,
    ...output(operation.output),
    ...errorFields(operation.error),
  };
}

function base(state: WorkflowState, facts: SubmissionFacts) {
  return {
    workspace: state.plan.workspace?.name,
    infra: state.plan.infra,
    environment: state.plan.environment,
    created_at: iso(state.submittedAt)!,
    updated_at: iso(state.updatedAt)!,
    idempotency_key: facts.idempotencyKey,
    created_by: facts.createdBy,
    request_id: facts.requestId,
  };
}

function rootOutput(state: WorkflowState): unknown {
  if (!state.plan.checkMode) return workflowResult(state);
  return Object.fromEntries(state.operations.map(({ plan, output }) => [plan.id, output]));
}

function output(value: unknown): { output?: string; output_truncated?: boolean } {
  if (value === undefined || value === null) return {};
  const text = typeof value === 'string' ? value : JSON.stringify(value, undefined, 2);
  return text.length <= outputLimit
    ? { output: text }
    : { output: text.slice(-outputLimit), output_truncated: true };
}

function errorFields(error: Failure | undefined) {
  if (error === undefined) return {};
  const { retryable: _retryable, retryAfter: _retryAfter, timeout: _timeout, ...detail } = error;
  return { error: error.message, error_detail: detail };
}

function iso(milliseconds: number | undefined): string | undefined {
  return milliseconds === undefined ? undefined : new Date(milliseconds).toISOString();
}
