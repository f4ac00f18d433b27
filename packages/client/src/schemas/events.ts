import { type Static, Type } from 'typebox';
import { Phase, TaskStatus } from './status.ts';

/** Data of `TaskStatusChanged`; `operation_id` is absent for the workflow itself. */
export const TaskStatusChanged = Type.Object(
  {
    task_id: Type.String(),
    workflow_id: Type.String(),
    operation_id: Type.Optional(Type.String()),
    name: Type.String(),
    type: Type.Optional(Type.String()),
    status: TaskStatus,
    phase: Phase,
    previous_status: TaskStatus,
    progress: Type.Number(),
    attempt: Type.Optional(Type.Integer()),
    reason: Type.Optional(Type.String()),
    error: Type.Optional(Type.String()),
    hint: Type.Optional(Type.String()),
  },
  { $id: 'TaskStatusChanged', additionalProperties: true },
);
export type TaskStatusChanged = Static<typeof TaskStatusChanged>;

/** Data of `WorkflowProgressUpdate`. */
export const WorkflowProgressUpdate = Type.Object(
  {
    workflow_id: Type.String(),
    name: Type.String(),
    progress: Type.Number(),
    current_step: Type.Optional(Type.String()),
    total_steps: Type.Integer(),
    completed_steps: Type.Integer(),
    estimated_time_remaining: Type.Union([Type.Integer(), Type.Null()]),
    step_details: Type.Optional(
      Type.Object({
        operation_id: Type.String(),
        step_name: Type.String(),
        /** `started`, `done`, `skipped` or `failed`; absent for a mere percentage. */
        step_state: Type.Optional(Type.String()),
        step_progress: Type.Number(),
        step_message: Type.Optional(Type.String()),
      }),
    ),
  },
  { $id: 'WorkflowProgressUpdate', additionalProperties: true },
);
export type WorkflowProgressUpdate = Static<typeof WorkflowProgressUpdate>;

/** Data of `LogEntry`. */
export const LogEntry = Type.Object(
  {
    level: Type.Union([
      Type.Literal('ERROR'),
      Type.Literal('WARN'),
      Type.Literal('INFO'),
      Type.Literal('DEBUG'),
    ]),
    message: Type.String(),
    component: Type.String(),
    task_id: Type.Optional(Type.String()),
    workflow_id: Type.Optional(Type.String()),
    operation_id: Type.Optional(Type.String()),
    details: Type.Optional(Type.Unknown()),
  },
  { $id: 'LogEntry', additionalProperties: true },
);
export type LogEntry = Static<typeof LogEntry>;

export const WorkflowStarted = Type.Object(
  { workflow_id: Type.String(), name: Type.String() },
  { $id: 'WorkflowStarted', additionalProperties: true },
);
export const WorkflowCompleted = Type.Object(
  { workflow_id: Type.String(), name: Type.String(), result: Type.Unknown() },
  { $id: 'WorkflowCompleted', additionalProperties: true },
);
/** Failed or cancelled; `status` says which. */
export const WorkflowFailed = Type.Object(
  {
    workflow_id: Type.String(),
    name: Type.String(),
    status: TaskStatus,
    error: Type.String(),
    hint: Type.Optional(Type.String()),
  },
  { $id: 'WorkflowFailed', additionalProperties: true },
);

/** One operation of a `BatchOperationUpdate`. */
export const BatchOperationUpdate = Type.Object(
  {
    batch_id: Type.String(),
    name: Type.String(),
    status: TaskStatus,
    progress: Type.Number(),
    operations: Type.Array(Type.Object({ id: Type.String(), status: TaskStatus, progress: Type.Number() })),
  },
  { $id: 'BatchOperationUpdate', additionalProperties: true },
);
export type BatchOperationUpdate = Static<typeof BatchOperationUpdate>;
export const SystemHealthUpdate = Type.Object(
  {
    overall_status: Type.String(),
    components: Type.Record(Type.String(), Type.Unknown()),
    metrics: Type.Record(Type.String(), Type.Number()),
  },
  { $id: 'SystemHealthUpdate', additionalProperties: true },
);
export type SystemHealthUpdate = Static<typeof SystemHealthUpdate>;
export const MetricUpdate = Type.Object(
  {
    metric_name: Type.String(),
    metric_type: Type.String(),
    value: Type.Number(),
    labels: Type.Record(Type.String(), Type.String()),
  },
  { $id: 'MetricUpdate', additionalProperties: true },
);
export type MetricUpdate = Static<typeof MetricUpdate>;

/** Data schema of each event of the service; other names are custom events (13 §8.4). */
export const eventData = {
  TaskStatusChanged,
  WorkflowProgressUpdate,
  LogEntry,
  WorkflowStarted,
  WorkflowCompleted,
  WorkflowFailed,
  BatchOperationUpdate,
  SystemHealthUpdate,
  MetricUpdate,
} as const;

/** Names and aliases of `events=` (13 §8.4). */
export const eventAliases: Readonly<Record<string, readonly string[]>> = {
  task: ['TaskStatusChanged'],
  batch: ['BatchOperationUpdate'],
  workflow: ['WorkflowProgressUpdate', 'WorkflowStarted', 'WorkflowCompleted', 'WorkflowFailed'],
  system: ['SystemHealthUpdate', 'ResourceCreated', 'ResourceDeleted', 'ConfigurationChanged'],
  log: ['LogEntry'],
  metric: ['MetricUpdate'],
};

/** Names that only the service itself uses: custom events have others. */
export const reservedEventNames: ReadonlySet<string> = new Set([
  ...Object.keys(eventData),
  ...Object.values(eventAliases).flat(),
]);

const envelope = {
  /** Position in the journal, `<sequence>-<n>`; absent for what is not journalled (progress, logs, metrics). */
  id: Type.Optional(Type.String()),
  timestamp: Type.String(),
  metadata: Type.Record(Type.String(), Type.Unknown()),
};

/** One event as the WebSocket and the event lists carry it. */
export const EventEnvelope = Type.Object(
  { ...envelope, event_type: Type.String(), data: Type.Unknown() },
  { $id: 'EventEnvelope', additionalProperties: true },
);

type Known = {
  [Name in keyof typeof eventData]: {
    readonly event_type: Name;
    readonly data: Static<(typeof eventData)[Name]>;
  };
}[keyof typeof eventData];

interface EnvelopeBase {
  readonly id?: string;
  readonly timestamp: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** A known event, discriminated by `event_type`. */
export type OrchestratorEvent = EnvelopeBase & Known;
/** Any event, custom ones included. */
export type EventEnvelope = OrchestratorEvent | (EnvelopeBase & { event_type: string; data: unknown });

/** Frames a client sends (13 §8.3). */
export const ClientFrame = Type.Union(
  [
    Type.Object({
      type: Type.Literal('subscribe'),
      events: Type.Array(Type.String()),
      filters: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    }),
    Type.Object({ type: Type.Literal('unsubscribe'), events: Type.Array(Type.String()) }),
    Type.Object({ type: Type.Literal('auth'), token: Type.String() }),
    Type.Object({ type: Type.Literal('ping'), id: Type.Optional(Type.Unknown()) }),
  ],
  { $id: 'WsClientFrame' },
);
export type ClientFrame = Static<typeof ClientFrame>;

/** Frames a server sends beside single events (13 §8.4). */
export const ServerFrame = Type.Union(
  [
    EventEnvelope,
    Type.Object({
      type: Type.Literal('batch'),
      timestamp: Type.String(),
      events: Type.Array(EventEnvelope),
    }),
    Type.Object({ type: Type.Literal('pong'), id: Type.Optional(Type.Unknown()), timestamp: Type.String() }),
    Type.Object({
      type: Type.Literal('subscribed'),
      events: Type.Array(Type.String()),
      denied: Type.Optional(Type.Array(Type.String())),
      /** From here on nothing is missed. */
      last_event_id: Type.Optional(Type.String()),
    }),
    Type.Object({ type: Type.Literal('unsubscribed'), events: Type.Array(Type.String()) }),
    Type.Object({
      type: Type.Literal('authenticated'),
      user_id: Type.String(),
      expires_at: Type.Union([Type.String(), Type.Null()]),
    }),
    Type.Object({ type: Type.Literal('token_expiring'), expires_at: Type.String() }),
    Type.Object({ type: Type.Literal('replay_done'), last_event_id: Type.String() }),
    Type.Object(
      {
        type: Type.Literal('error'),
        code: Type.String(),
        message: Type.Optional(Type.String()),
        dropped: Type.Optional(Type.Integer()),
        id: Type.Optional(Type.Unknown()),
      },
      { additionalProperties: true },
    ),
  ],
  { $id: 'WsServerFrame' },
);
