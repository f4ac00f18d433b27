import type { WorkflowDefinition } from '@provisioning/client';
import { apply } from '../engine/apply.ts';
import { compile, type PlanDefaults } from '../engine/plan.ts';
import { initialState, type WorkflowState } from '../engine/state.ts';
import type { Store, WorkflowRow } from '../journal/store.ts';
import { workflowProgress } from './progress.ts';

/** Newest checkpoints kept of a workflow (12 §8). */
const checkpointsKept = 10;
/** Newest snapshots kept beside the first one. */
const snapshotsKept = 50;

export interface WorkflowCheckpoint {
  readonly id: string;
  readonly workflow_id: string;
  readonly step: string;
  readonly completed_operations: readonly string[];
  readonly current_state: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly timestamp: string;
}

export interface Snapshot {
  readonly snapshot_id: string;
  readonly timestamp: string;
  /** Lower case (12 §8). */
  readonly state: string;
  readonly details: {
    readonly operations: unknown;
    readonly progress: number;
    readonly errors: readonly string[];
  };
}

/**
 * Checkpoints and snapshots of a workflow. The journal is the truth: each completed operation is a point to which the
 * state can be folded, so nothing beside it has to be written.
 */
export async function history(
  store: Store,
  row: WorkflowRow,
  defaults: PlanDefaults,
): Promise<{ readonly checkpoints: WorkflowCheckpoint[]; readonly snapshots: Snapshot[] }> {
  const state = initialState(compile(row.id, JSON.parse(row.definition!) as WorkflowDefinition, defaults));
  const checkpoints: WorkflowCheckpoint[] = [];
  const snapshots: Snapshot[] = [];
  for await (const { sequence, event } of store.events(row.number, 0)) {
    const before = state.status;
    apply(state, event, () => undefined);
    const completed = event.type === 'OperationCompleted';
    if (completed) {
      checkpoints.push({
        id: `${row.id}-${sequence}`,
        workflow_id: row.id,
        step: state.plan.operations[event.op]!.id,
        completed_operations: ids(state, 'Completed'),
        current_state: state.status.toLowerCase(),
        metadata: { sequence },
        timestamp: new Date(event.at).toISOString(),
      });
      if (checkpoints.length > checkpointsKept) checkpoints.shift();
    }
    if (completed || state.status !== before || event.type === 'WorkflowSubmitted') {
      snapshots.push(snapshot(state, sequence, event.at));
      if (snapshots.length > snapshotsKept + 1) snapshots.splice(1, 1);
    }
  }
  return { checkpoints, snapshots };
}

function snapshot(state: WorkflowState, sequence: number, at: number): Snapshot {
  const failed = state.operations.filter(({ status }) => status === 'Failed');
  return {
    snapshot_id: `${state.plan.id}-${sequence}`,
    timestamp: new Date(at).toISOString(),
    state: state.status.toLowerCase(),
    details: {
      operations: {
        total: state.operations.length,
        pending: state.pending,
        running: state.active,
        completed: state.completed,
        failed: state.failed,
        cancelled: state.cancelled,
      },
      progress: workflowProgress(state).percent,
      errors: failed.map(({ plan, error }) => `${plan.id}: ${error?.message ?? ''}`),
    },
  };
}

function ids(state: WorkflowState, status: string): string[] {
  return state.operations.filter((operation) => operation.status === status).map(({ plan }) => plan.id);
}
