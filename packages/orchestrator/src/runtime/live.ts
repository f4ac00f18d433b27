import type { WorkflowDefinition } from '@provisioning/client';
import { compile, type PlanDefaults } from '../engine/plan.ts';
import { apply } from '../engine/apply.ts';
import { initialState, type WorkflowState } from '../engine/state.ts';
import type { Store, WorkflowRow } from '../journal/store.ts';
import type { SubmissionFacts } from '../views/records.ts';

/** A workflow in memory. */
export interface Live {
  readonly number: number;
  readonly state: WorkflowState;
  readonly facts: SubmissionFacts;
  /** Operations and compensations that stand in the scheduler's queue. */
  readonly queued: Set<string>;
}

export function newLive(number: number, state: WorkflowState, facts: SubmissionFacts): Live {
  return { number, state, facts, queued: new Set() };
}

/** The state that the journal gives: the fold of the workflow's events. */
export async function load(store: Store, row: WorkflowRow, defaults: PlanDefaults): Promise<Live> {
  const definition = JSON.parse(row.definition ?? '{}') as WorkflowDefinition;
  const state = initialState(compile(row.id, definition, defaults));
  for await (const { event } of store.events(row.number, 0)) apply(state, event, ignore);
  return newLive(row.number, state, JSON.parse(row.submission ?? '{}') as SubmissionFacts);
}

const ignore = () => undefined;

/** The row of a workflow as lists need it. Without `definition` the stored one stays. */
export function rowOf(live: Live, definition?: string): WorkflowRow {
  const { state, facts } = live;
  const { plan } = state;
  return {
    number: live.number,
    id: plan.id,
    name: plan.name,
    kind: plan.kind,
    status: state.status,
    phase: state.phase,
    workspace: plan.workspace?.name ?? null,
    infra: plan.infra ?? null,
    createdBy: facts.createdBy ?? null,
    createdAt: state.submittedAt,
    startedAt: state.startedAt ?? null,
    completedAt: state.completedAt ?? null,
    updatedAt: state.updatedAt,
    definition,
    submission: definition === undefined ? undefined : JSON.stringify(facts),
    summary: JSON.stringify({
      version: plan.version,
      labels: plan.labels,
      environment: plan.environment,
      parallel_limit: plan.parallelLimit,
      on_failure: plan.onFailure,
      rollback_enabled: plan.rollbackEnabled,
      check_mode: plan.checkMode,
      priority: plan.priority,
      total: state.operations.length,
      completed: state.completed,
      failed: state.failed,
      cancelled: state.cancelled,
      rollback_id: state.rollback?.id,
      rollback_success: state.rollback?.success,
      error: state.error?.message,
      error_code: state.error?.code,
      error_hint: state.error?.hint,
    }),
  };
}
