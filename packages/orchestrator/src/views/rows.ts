import type { WorkflowRecord } from '@provisioning/client';
import type { WorkflowRow } from '../journal/store.ts';

interface Summary {
  readonly version: string;
  readonly labels?: Record<string, string>;
  readonly environment?: string;
  readonly parallel_limit?: number;
  readonly on_failure?: WorkflowRecord['on_failure'];
  readonly rollback_enabled?: boolean;
  readonly check_mode?: boolean;
  readonly priority: number;
  readonly total: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly rollback_id?: string;
  readonly error?: string;
  readonly error_code?: string;
  readonly error_hint?: string;
}

/** The record of a workflow as lists show it, from its row alone. */
export function listRecord(row: WorkflowRow): WorkflowRecord {
  const summary = JSON.parse(row.summary) as Summary;
  const ended = summary.completed + summary.failed + summary.cancelled;
  const iso = (time: number | null) => (time === null ? undefined : new Date(time).toISOString());
  return {
    id: row.id,
    name: row.name,
    version: summary.version,
    kind: row.kind as WorkflowRecord['kind'],
    status: row.status as WorkflowRecord['status'],
    phase: row.phase as WorkflowRecord['phase'],
    workspace: row.workspace ?? undefined,
    infra: row.infra ?? undefined,
    priority: summary.priority,
    environment: summary.environment,
    // Rows of earlier versions do not say.
    parallel_limit: summary.parallel_limit ?? 0,
    on_failure: summary.on_failure ?? 'stop',
    rollback_enabled: summary.rollback_enabled ?? true,
    check_mode: summary.check_mode ?? false,
    labels: summary.labels ?? {},
    progress: summary.total === 0 ? 0 : Math.round((1000 * ended) / summary.total) / 10,
    total_steps: summary.total,
    completed_steps: ended,
    failed_steps: summary.failed,
    estimated_time_remaining: null,
    created_at: iso(row.createdAt)!,
    started_at: iso(row.startedAt),
    completed_at: iso(row.completedAt),
    updated_at: iso(row.updatedAt)!,
    created_by: row.createdBy ?? undefined,
    rollback_id: summary.rollback_id,
    error: summary.error,
    ...(summary.error === undefined
      ? {}
      : {
          error_detail: {
            code: summary.error_code ?? 'UNKNOWN',
            message: summary.error,
            hint: summary.error_hint,
          },
        }),
  };
}
