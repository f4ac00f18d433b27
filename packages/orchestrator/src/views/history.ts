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

export interface CheckpointTimes {
  /** Milliseconds between two checkpoints while the workflow runs. */
  readonly interval: number;
  readonly now: number;
}

/**
 * Checkpoints and snapshots of a workflow: one checkpoint after each operation, and one for every interval in which none
 * was completed. The journal is the truth: each completed operation is a point to which the
 * state can be folded, so nothing beside it has to be written.
 */
export async function history(
  store: Store,
  row: WorkflowRow,
  defaults: PlanDefaults,
  { interval, now }: CheckpointTimes,
): Promise<{ readonly checkpoints: WorkflowCheckpoint[]; readonly snapshots: Snapshot[] }> {
  const state = initialState(compile(row.id, JSON.parse(row.definition!) as WorkflowDefinition, defaults));
  const checkpoints: WorkflowCheckpoint[] = [];
  const snapshots: Snapshot[] = [];
  let last = Infinity;
  let sequence = 0;
  const note = (at: number, id: string, step: string): void => {
    last = at;
    checkpoints.push({
      id: `${row.id}-${id}`,
      workflow_id: row.id,
      step,
      completed_operations: ids(state, 'Completed'),
      current_state: state.status.toLowerCase(),
      metadata: { sequence },
      timestamp: new Date(at).toISOString(),
    });
    if (checkpoints.length > checkpointsKept) checkpoints.shift();
  };
  const noteUntil = (at: number): void => {
    if (state.status !== 'Running') return;
    // Of a long wait only those that are kept.
    const skipped = Math.floor((at - last) / interval) - checkpointsKept;
    if (skipped > 0) last += skipped * interval;
    const { current = 0, plan } = state;
    while (last + interval <= at)
      note(last + interval, `${sequence}-${last + interval}`, plan.operations[current]!.id);
  };
  for await (const { sequence: number, event } of store.events(row.number, 0)) {
    const before = state.status;
    noteUntil(event.at);
    sequence = number;
    apply(state, event, () => undefined);
    const completed = event.type === 'OperationCompleted';
    if (state.status === 'Running' && before !== 'Running') last = event.at;
    if (completed) note(event.at, String(sequence), state.plan.operations[event.op]!.id);
    if (completed || state.status !== before || event.type === 'WorkflowSubmitted') {
      snapshots.push(snapshot(state, sequence, event.at));
      if (snapshots.length > snapshotsKept + 1) snapshots.splice(1, 1);
    }
  }
  noteUntil(now);
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
