import type { WorkflowDefinition, WorkflowRecord } from '@provisioning/client';
import type { Answer, ApiInput } from '@provisioning/service-kit';
import type { WorkflowState } from '../engine/state.ts';
import { requireValid } from '../validation/validate.ts';
import type { Durations } from '../views/durations.ts';
import type { SubmissionFacts } from '../views/records.ts';
import { workflowRecord } from '../views/records.ts';
import type { ApiService } from './api-service.ts';

export interface AcceptedBatch {
  readonly batch_id: string;
  readonly status: 'Pending';
  readonly operations: readonly { readonly id: string; readonly status: 'Pending'; readonly progress: 0 }[];
}

/** Accepts a batch; it need not name itself: its operations are what counts. */
export function acceptBatch(
  api: ApiService,
  input: ApiInput<unknown, unknown>,
  strict: boolean | undefined,
  answer: (batch: AcceptedBatch) => unknown = (batch) => batch,
): Promise<Answer<unknown>> {
  const body = input.body as Record<string, unknown>;
  const { definition } = requireValid(
    'operations' in body ? { name: 'batch', version: '1.0.0', ...body } : body,
    api.validation(strict),
  );
  const batch: WorkflowDefinition = { ...definition, kind: 'batch' };
  return api.submit(batch, input, (id) =>
    answer({
      batch_id: id,
      status: 'Pending',
      operations: definition.operations.map((operation) => ({
        id: operation.id,
        status: 'Pending',
        progress: 0,
      })),
    }),
  );
}

export function batchRecord({
  id,
  name,
  version,
  status,
  progress,
  created_at,
  operations = [],
}: WorkflowRecord) {
  return {
    batch_id: id,
    name,
    version,
    status,
    progress,
    created_at,
    operations: operations.map((operation) => ({
      id: operation.id,
      type: operation.type,
      provider: operation.provider,
      status: operation.status,
      progress: operation.progress,
      results: operation.results,
      error: operation.error,
    })),
  };
}

/** How far a workflow or batch is (13 §5). */
export function progressRecord(state: WorkflowState, facts: SubmissionFacts, durations: Durations) {
  const { progress, current_step, total_steps, completed_steps, estimated_time_remaining } = workflowRecord(
    state,
    facts,
    durations.remaining(state, Date.now()),
  );
  return {
    workflow_id: state.plan.id,
    progress,
    current_step,
    total_steps,
    completed_steps,
    estimated_time_remaining,
  };
}
