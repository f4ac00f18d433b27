import { type Static, Type } from 'typebox';
import { Phase, TaskStatus, WorkflowKind } from './status.ts';
import { OnFailure } from './workflow.ts';

const nullable = Type.Optional;

/** An error as it stands in a record: no stack, no secret. */
export const ErrorDetail = Type.Object(
  {
    code: Type.String(),
    message: Type.String(),
    kind: Type.Optional(Type.String()),
    hint: Type.Optional(Type.String()),
    resource: Type.Optional(Type.String()),
    details: Type.Optional(Type.Unknown()),
  },
  { $id: 'ErrorDetail', additionalProperties: true },
);
export type ErrorDetail = Static<typeof ErrorDetail>;

/** One operation of a workflow (12 §2). */
export const OperationRecord = Type.Object(
  {
    id: Type.String(),
    task_id: Type.String(),
    workflow_id: Type.String(),
    name: Type.String(),
    type: Type.String(),
    provider: nullable(Type.String()),
    dependencies: Type.Array(Type.Object({ id: Type.String(), kind: Type.String() })),
    resources: Type.Array(Type.String()),
    status: TaskStatus,
    phase: Phase,
    /** Why it waits, when it does: `locked by workflow <id>`. */
    reason: nullable(Type.String()),
    progress: Type.Number({ minimum: 0, maximum: 100 }),
    /** Newest step that the operation reported. */
    current_step: nullable(Type.String()),
    attempt: Type.Integer(),
    max_attempts: Type.Integer(),
    results: nullable(Type.Unknown()),
    error: nullable(Type.String()),
    error_detail: nullable(ErrorDetail),
    started_at: nullable(Type.String()),
    completed_at: nullable(Type.String()),
    next_attempt_at: nullable(Type.String()),
  },
  { $id: 'Operation', additionalProperties: true },
);
export type OperationRecord = Static<typeof OperationRecord>;

/** A workflow (12 §2). `operations` only where a single workflow was asked for. */
export const WorkflowRecord = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    version: Type.String(),
    kind: WorkflowKind,
    status: TaskStatus,
    phase: Phase,
    workspace: nullable(Type.String()),
    infra: nullable(Type.String()),
    environment: nullable(Type.String()),
    priority: Type.Integer(),
    parallel_limit: Type.Integer(),
    on_failure: OnFailure,
    rollback_enabled: Type.Boolean(),
    check_mode: Type.Boolean(),
    labels: Type.Record(Type.String(), Type.String()),
    progress: Type.Number({ minimum: 0, maximum: 100 }),
    current_step: nullable(Type.String()),
    total_steps: Type.Integer(),
    completed_steps: Type.Integer(),
    failed_steps: Type.Integer(),
    estimated_time_remaining: Type.Union([Type.Integer(), Type.Null()]),
    created_at: Type.String(),
    started_at: nullable(Type.String()),
    completed_at: nullable(Type.String()),
    updated_at: Type.String(),
    created_by: nullable(Type.String()),
    request_id: nullable(Type.String()),
    idempotency_key: nullable(Type.String()),
    rollback_id: nullable(Type.String()),
    result: nullable(Type.Unknown()),
    error: nullable(Type.String()),
    error_detail: nullable(ErrorDetail),
    operations: Type.Optional(Type.Array(OperationRecord)),
  },
  { $id: 'Workflow', additionalProperties: true },
);
export type WorkflowRecord = Static<typeof WorkflowRecord>;

/** A task: a workflow (root) or one of its operations (12 §2). */
export const Task = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    type: Type.String(),
    command: Type.String(),
    args: Type.Array(Type.String()),
    workspace: nullable(Type.String()),
    infra: nullable(Type.String()),
    environment: nullable(Type.String()),
    dependencies: Type.Array(Type.String()),
    parent_id: nullable(Type.String()),
    root_id: Type.String(),
    priority: Type.Integer(),
    status: TaskStatus,
    phase: Phase,
    progress: Type.Number({ minimum: 0, maximum: 100 }),
    attempt: Type.Integer(),
    max_attempts: Type.Integer(),
    created_at: Type.String(),
    started_at: nullable(Type.String()),
    completed_at: nullable(Type.String()),
    updated_at: Type.String(),
    output: nullable(Type.String()),
    output_truncated: nullable(Type.Boolean()),
    error: nullable(Type.String()),
    error_detail: nullable(ErrorDetail),
    result: nullable(Type.Unknown()),
    idempotency_key: nullable(Type.String()),
    created_by: nullable(Type.String()),
    request_id: nullable(Type.String()),
    labels: Type.Record(Type.String(), Type.String()),
    rollback_id: nullable(Type.String()),
    worker: nullable(Type.String()),
  },
  { $id: 'Task', additionalProperties: true },
);
export type Task = Static<typeof Task>;

/** `GET /health` (13 §3). */
export const Health = Type.Object(
  {
    success: Type.Boolean(),
    status: Type.Union([Type.Literal('healthy'), Type.Literal('degraded'), Type.Literal('unhealthy')]),
    data: Type.String(),
    service: Type.String(),
    version: Type.String(),
    mode: Type.String(),
    /** Seconds since the start. */
    uptime: Type.Number(),
    pid: Type.Optional(Type.Integer()),
    database_connected: Type.Boolean(),
    components: Type.Record(Type.String(), Type.Unknown()),
  },
  { $id: 'Health', additionalProperties: true },
);
export type Health = Static<typeof Health>;

/** `GET /api/versions` (13 §2): what a client compares before it works with a service. */
export const ServiceVersions = Type.Object(
  {
    service: Type.String(),
    version: Type.String(),
    api: Type.Optional(
      Type.Object({ levels: Type.Optional(Type.Array(Type.String())) }, { additionalProperties: true }),
    ),
    /** Package or line → range of versions it goes with. */
    compatibility: Type.Optional(Type.Record(Type.String(), Type.String())),
  },
  { $id: 'ServiceVersions', additionalProperties: true },
);
export type ServiceVersions = Static<typeof ServiceVersions>;
