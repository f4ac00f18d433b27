import type { RouteSpec } from '@provisioning/service-kit';
import { Type } from 'typebox';
import { Flag, Text } from './shapes.ts';

const Checkpoint = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    description: Type.String(),
    created_at: Type.String(),
    size: Type.String(),
    size_bytes: Type.Integer(),
  },
  { $id: 'Checkpoint', additionalProperties: true },
);
const Progress = Type.Object({
  workflow_id: Type.String(),
  progress: Type.Number(),
  current_step: Text,
  total_steps: Type.Integer(),
  completed_steps: Type.Integer(),
  estimated_time_remaining: Type.Union([Type.Integer(), Type.Null()]),
});
const RollbackResult = Type.Object(
  {
    rollback_id: Text,
    success: Type.Boolean(),
    operations_executed: Type.Integer(),
    operations_failed: Type.Integer(),
    duration: Type.Number(),
    failed: Type.Array(Type.Unknown()),
    irreversible: Type.Array(Type.String()),
    orphaned: Type.Array(Type.String()),
  },
  { $id: 'RollbackResult', additionalProperties: true },
);
const Snapshot = Type.Object({
  snapshot_id: Type.String(),
  timestamp: Type.String(),
  state: Type.String(),
  details: Type.Unknown(),
});

/** State and rollback (13 §5). */
export const stateRoutes = {
  getWorkflowProgress: {
    operationId: 'getWorkflowProgress',
    method: 'GET',
    path: '/state/workflows/{id}/progress',
    tag: 'state',
    summary: 'How far a workflow is',
    data: Progress,
  },
  getWorkflowSnapshots: {
    operationId: 'getWorkflowSnapshots',
    method: 'GET',
    path: '/state/workflows/{id}/snapshots',
    tag: 'state',
    summary: 'States that a workflow went through, oldest first',
    data: Type.Array(Snapshot),
  },
  listWorkflowCheckpoints: {
    operationId: 'listWorkflowCheckpoints',
    method: 'GET',
    path: '/workflows/{id}/checkpoints',
    tag: 'workflows',
    summary: 'The newest checkpoints of a workflow',
    data: Type.Array(Type.Object({ id: Type.String(), step: Type.String() }, { additionalProperties: true })),
  },
  getSystemMetrics: {
    operationId: 'getSystemMetrics',
    method: 'GET',
    path: '/state/system/metrics',
    tag: 'state',
    summary: 'Workflows and load',
    data: Type.Object({ total_workflows: Type.Integer() }, { additionalProperties: true }),
  },
  getSystemHealth: {
    operationId: 'getSystemHealth',
    method: 'GET',
    path: '/state/system/health',
    tag: 'state',
    summary: 'Health by component',
    data: Type.Object({
      overall_status: Type.String(),
      components: Type.Record(Type.String(), Type.String()),
      last_check: Type.String(),
    }),
  },
  getStatistics: {
    operationId: 'getStatistics',
    method: 'GET',
    path: '/state/statistics',
    tag: 'state',
    summary: 'Size of the store and durations',
    data: Type.Object({ total_workflows: Type.Integer() }, { additionalProperties: true }),
  },
  createCheckpoint: {
    operationId: 'createCheckpoint',
    method: 'POST',
    path: '/rollback/checkpoints',
    tag: 'rollback',
    summary: 'Name the present position of the journal',
    status: 201,
    body: Type.Object({
      name: Type.String({ minLength: 1, maxLength: 100 }),
      description: Text,
      workspace: Text,
    }),
    data: Type.String(),
  },
  listCheckpoints: {
    operationId: 'listCheckpoints',
    method: 'GET',
    path: '/rollback/checkpoints',
    tag: 'rollback',
    summary: 'Named checkpoints',
    data: Type.Array(Checkpoint),
  },
  getCheckpoint: {
    operationId: 'getCheckpoint',
    etag: true,
    method: 'GET',
    path: '/rollback/checkpoints/{id}',
    tag: 'rollback',
    summary: 'A named checkpoint',
    data: Checkpoint,
  },
  deleteCheckpoint: {
    operationId: 'deleteCheckpoint',
    method: 'DELETE',
    path: '/rollback/checkpoints/{id}',
    tag: 'rollback',
    summary: 'Forget a named checkpoint',
    status: 204,
    mfa: 'always',
  },
  executeRollback: {
    operationId: 'executeRollback',
    method: 'POST',
    path: '/rollback/execute',
    aliases: ['/rollback'],
    tag: 'rollback',
    summary: 'Undo a workflow, some operations, or everything after a checkpoint',
    mfa: 'always',
    rateLimit: 'batch',
    body: Type.Object({
      checkpoint_id: Text,
      operation_ids: Type.Optional(Type.Array(Type.String())),
      workflow_id: Text,
      include_dependents: Flag,
      cancel_running: Flag,
      check_mode: Flag,
      wait: Flag,
    }),
    data: RollbackResult,
  },
  getRollbackStatistics: {
    operationId: 'getRollbackStatistics',
    method: 'GET',
    path: '/rollback/statistics',
    tag: 'rollback',
    summary: 'How many rollbacks there were and how they ended',
    data: Type.Object({
      total_checkpoints: Type.Integer(),
      total_rollbacks: Type.Integer(),
      success_rate: Type.Number(),
      average_rollback_time: Type.Number(),
    }),
  },
  getRollback: {
    operationId: 'getRollback',
    method: 'GET',
    path: '/rollback/{id}',
    tag: 'rollback',
    summary: 'Result or progress of a rollback',
    data: RollbackResult,
  },
} as const satisfies Record<string, RouteSpec>;
