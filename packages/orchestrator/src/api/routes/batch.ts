import { TaskStatus, type WorkflowDefinition } from '@provisioning/client';
import type { RouteSpec } from '@provisioning/service-kit';
import { Type } from 'typebox';
import { filters, Flag, paging, Text } from './shapes.ts';

const OperationStatus = Type.Object({ id: Type.String(), status: TaskStatus, progress: Type.Number() });
const Batch = Type.Object(
  {
    batch_id: Type.String(),
    name: Type.String(),
    version: Text,
    status: TaskStatus,
    progress: Type.Number(),
    created_at: Text,
    operations: Type.Array(
      Type.Object(
        { id: Type.String(), type: Text, provider: Text, status: TaskStatus, progress: Type.Number() },
        { additionalProperties: true },
      ),
    ),
  },
  { $id: 'Batch', additionalProperties: true },
);

/** The routes of batches (13 §4). */
export const batchRoutes = {
  executeBatchOperation: {
    operationId: 'executeBatchOperation',
    document: true,
    method: 'POST',
    path: '/batch/execute',
    aliases: ['/batch/submit', '/workflows/batch/submit'],
    tag: 'batch',
    summary: 'Accept a batch: a workflow of many operations',
    status: 202,
    mfa: 'always',
    rateLimit: 'batch',
    query: Type.Object({ strict: Flag }),
    body: Type.Unsafe<WorkflowDefinition>(Type.Object({}, { additionalProperties: true })),
    data: Type.Object({
      batch_id: Type.String(),
      status: TaskStatus,
      operations: Type.Array(OperationStatus),
    }),
  },
  listBatchOperations: {
    operationId: 'listBatchOperations',
    method: 'GET',
    path: '/batch/operations',
    aliases: ['/workflows/batch'],
    tag: 'batch',
    summary: 'Batches, newest first',
    query: Type.Object({ ...paging, ...filters }),
    data: Type.Array(Batch),
    paged: true,
  },
  getBatchStats: {
    operationId: 'getBatchStats',
    method: 'GET',
    path: '/batch/stats',
    aliases: ['/workflows/batch/stats'],
    tag: 'batch',
    summary: 'Counts and durations of batches',
    query: Type.Object({ since: Text }),
    data: Type.Object(
      {
        total: Type.Integer(),
        by_status: Type.Record(Type.String(), Type.Integer()),
        success_rate: Type.Number(),
        average_duration: Type.Number(),
        operations_total: Type.Integer(),
      },
      { additionalProperties: true },
    ),
  },
  getBatchStatus: {
    operationId: 'getBatchStatus',
    etag: true,
    method: 'GET',
    path: '/batch/operations/{id}',
    aliases: ['/workflows/batch/{id}', '/workflows/batch/status/{id}'],
    tag: 'batch',
    summary: 'A batch with its operations',
    data: Batch,
  },
  getBatchProgress: {
    operationId: 'getBatchProgress',
    method: 'GET',
    path: '/batch/operations/{id}/progress',
    aliases: ['/workflows/batch/{id}/progress'],
    tag: 'batch',
    summary: 'How far a batch is',
    data: Type.Object(
      { workflow_id: Type.String(), progress: Type.Number() },
      { additionalProperties: true },
    ),
  },
  cancelBatchOperation: {
    operationId: 'cancelBatchOperation',
    method: 'POST',
    path: '/batch/operations/{id}/cancel',
    aliases: ['/workflows/batch/{id}/cancel'],
    tag: 'batch',
    summary: 'Stop a batch',
    body: Type.Object({ rollback: Flag }),
    bodyOptional: true,
    data: Type.String(),
  },
  rollbackBatch: {
    operationId: 'rollbackBatch',
    method: 'POST',
    path: '/batch/operations/{id}/rollback',
    aliases: ['/workflows/batch/{id}/rollback'],
    tag: 'batch',
    summary: 'Undo a batch, or some of its operations',
    status: 202,
    mfa: 'always',
    rateLimit: 'batch',
    body: Type.Object({ operation_ids: Type.Optional(Type.Array(Type.String())), include_dependents: Flag }),
    bodyOptional: true,
    data: Type.Object({ rollback_id: Type.String() }),
  },
} as const satisfies Record<string, RouteSpec>;
