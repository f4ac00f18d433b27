import { type Static, Type } from 'typebox';
import { WorkflowKind } from './status.ts';

/** Ids of operations inside a workflow (12 §2). */
export const operationIdPattern = '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$';

/** How often and how long apart an operation is tried (12 §3, §6). Delays in seconds. */
export const RetryPolicy = Type.Object(
  {
    max_attempts: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 3 })),
    initial_delay_seconds: Type.Optional(Type.Number({ minimum: 0, default: 5 })),
    backoff: Type.Optional(
      Type.Union(
        [
          Type.Literal('exponential'),
          Type.Literal('linear'),
          Type.Literal('fibonacci'),
          Type.Literal('fixed'),
        ],
        { default: 'exponential' },
      ),
    ),
    multiplier: Type.Optional(Type.Number({ minimum: 1, default: 2 })),
    max_delay_seconds: Type.Optional(Type.Number({ minimum: 0, default: 300 })),
    jitter: Type.Optional(Type.Number({ minimum: 0, maximum: 1, default: 0.2 })),
    /** Error codes worth another attempt; absent: whatever the error says of itself. */
    retry_on: Type.Optional(Type.Array(Type.String())),
  },
  { $id: 'RetryPolicy', additionalProperties: true },
);
export type RetryPolicy = Static<typeof RetryPolicy>;

/** `id`, `soft:id`, or the long form. Soft means order only (12 §4). */
export const Dependency = Type.Union([
  Type.String({ minLength: 1 }),
  Type.Object({
    id: Type.String({ minLength: 1 }),
    kind: Type.Optional(Type.Union([Type.Literal('hard'), Type.Literal('soft')], { default: 'hard' })),
  }),
]);
export type Dependency = Static<typeof Dependency>;

export const ResourceLimits = Type.Object(
  {
    cpu_cores: Type.Optional(Type.Number({ minimum: 0 })),
    memory_mb: Type.Optional(Type.Number({ minimum: 0 })),
    max_servers: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  { $id: 'ResourceLimits', additionalProperties: true },
);

/** One operation of a workflow as it is submitted (12 §3). Further keys belong to the operation's input. */
export const OperationDefinition = Type.Object(
  {
    id: Type.String({ pattern: operationIdPattern }),
    type: Type.String({ minLength: 1 }),
    name: Type.Optional(Type.String()),
    provider: Type.Optional(Type.String()),
    infra: Type.Optional(Type.String()),
    workspace: Type.Optional(Type.String()),
    dependencies: Type.Optional(Type.Array(Dependency)),
    retry_policy: Type.Optional(RetryPolicy),
    timeout_seconds: Type.Optional(Type.Number({ minimum: 0 })),
    resource_limits: Type.Optional(ResourceLimits),
    priority: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
    continue_on_error: Type.Optional(Type.Boolean()),
    labels: Type.Optional(Type.Record(Type.String(), Type.String())),
    /** Resources it changes, for locks: `server/web-01`. */
    resources: Type.Optional(Type.Array(Type.String())),
    /** Everything the operation needs; validated against the schema of its type. */
    input: Type.Optional(Type.Unknown()),
    /** The same as the flat keys of the operation; on a clash `config` wins. */
    config: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  { $id: 'OperationDefinition', additionalProperties: true },
);
export type OperationDefinition = Static<typeof OperationDefinition>;

export const OnFailure = Type.Union(
  [Type.Literal('stop'), Type.Literal('rollback'), Type.Literal('continue')],
  { $id: 'OnFailure' },
);
export type OnFailure = Static<typeof OnFailure>;

/** A workflow as it is submitted: the file of 12 §3, with where it belongs. */
export const WorkflowDefinition = Type.Object(
  {
    name: Type.String({ minLength: 1 }),
    version: Type.String({ pattern: '^\\d+\\.\\d+\\.\\d+([-+].+)?$' }),
    description: Type.Optional(Type.String()),
    kind: Type.Optional(WorkflowKind),
    /** Name, or name and folder of the workspace. */
    workspace: Type.Optional(
      Type.Union([Type.String(), Type.Object({ name: Type.String(), path: Type.String() })]),
    ),
    infra: Type.Optional(Type.String()),
    environment: Type.Optional(Type.String()),
    storage_backend: Type.Optional(Type.String()),
    parallel_limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
    rollback_enabled: Type.Optional(Type.Boolean()),
    on_failure: Type.Optional(OnFailure),
    /** Limit of the whole workflow; 0 is none. */
    timeout_seconds: Type.Optional(Type.Number({ minimum: 0 })),
    priority: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
    defaults: Type.Optional(
      Type.Object(
        {
          retry_policy: Type.Optional(RetryPolicy),
          timeout_seconds: Type.Optional(Type.Number({ minimum: 0 })),
          provider: Type.Optional(Type.String()),
          infra: Type.Optional(Type.String()),
        },
        { additionalProperties: true },
      ),
    ),
    /** Operation id to dependencies; merged with the operations' own lists. */
    dependencies: Type.Optional(Type.Record(Type.String(), Type.Array(Dependency))),
    configuration: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    labels: Type.Optional(Type.Record(Type.String(), Type.String())),
    check_mode: Type.Optional(Type.Boolean()),
    /** A given id acts as the idempotency key of the submission. */
    workflow_id: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
    operations: Type.Array(OperationDefinition, { minItems: 1 }),
  },
  { $id: 'WorkflowDefinition', additionalProperties: true },
);
export type WorkflowDefinition = Static<typeof WorkflowDefinition>;

/** Answer to a submission; it says that the workflow is durable, not that it has run. */
export const Submission = Type.Object(
  {
    workflow_id: Type.String(),
    task_id: Type.String(),
    status: Type.String(),
    warnings: Type.Optional(Type.Array(Type.String())),
  },
  { $id: 'Submission' },
);
export type Submission = Static<typeof Submission>;

export const Diagnostic = Type.Object(
  {
    code: Type.String(),
    message: Type.String(),
    file: Type.Optional(Type.String()),
    line: Type.Optional(Type.Integer()),
    path: Type.Optional(Type.String()),
  },
  { $id: 'Diagnostic' },
);
export type Diagnostic = Static<typeof Diagnostic>;

/** Result of `validate` (12 §3). */
export const ValidationResult = Type.Object(
  {
    valid: Type.Boolean(),
    workflow: Type.Object({
      name: Type.Optional(Type.String()),
      version: Type.Optional(Type.String()),
      operations: Type.Integer(),
    }),
    warnings: Type.Array(Type.String()),
    errors: Type.Array(Type.String()),
    diagnostics: Type.Array(Diagnostic),
  },
  { $id: 'ValidationResult' },
);
export type ValidationResult = Static<typeof ValidationResult>;
