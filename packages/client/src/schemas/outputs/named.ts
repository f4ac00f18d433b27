import { type Static, type TSchema, Type } from 'typebox';

/*
 * What commands print with `--out json`: the contract that scripts and pipelines rely on (01 §5). Fields may be added;
 * none is taken away or changes its meaning without a new major version.
 */

const open = { additionalProperties: true } as const;
const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** A line of `server list`. Memory in MB. */
export const ServerListing = Type.Object(
  {
    name: Type.String({ description: 'name at the provider' }),
    hostname: Type.String(),
    provider: Type.String(),
    plan: Type.String(),
    zone: Type.String(),
    cores: Type.Integer(),
    memory: Type.Integer({ description: 'MB' }),
    ip_address: nullable(Type.String()),
    status: Type.String({ description: 'lower case: running, stopped, planned …' }),
    infra: Type.String(),
    tags: Type.Record(Type.String(), Type.String()),
    id: nullable(Type.String({ description: "the provider's id" })),
  },
  { $id: 'ServerListing', description: 'A line of `server list`.', ...open },
);
export type ServerListing = Static<typeof ServerListing>;

export const TaskservListing = Type.Object(
  {
    name: Type.String(),
    version: Type.String(),
    server: nullable(Type.String()),
    status: Type.String({
      description:
        'available, defined, installed, changed, drifted or absent; with --all also disabled, invalid, incompatible',
    }),
    category: Type.String(),
    description: Type.String(),
    versions: Type.Optional(
      Type.Array(Type.String(), { description: 'with --versions: those the package knows' }),
    ),
    reason: Type.Optional(Type.String({ description: 'with --all: why it can not be used' })),
  },
  { $id: 'TaskservListing', description: 'A line of `taskserv list`.', ...open },
);

export const WorkspaceListing = Type.Object(
  {
    name: Type.String(),
    path: Type.String(),
    active: Type.Boolean(),
    last_used: Type.String(),
    default_infra: Type.Optional(Type.String()),
    exists: Type.Boolean(),
  },
  { $id: 'WorkspaceListing', description: 'A line of `workspace list`.', ...open },
);

export const PlannedChange = Type.Object(
  {
    action: Type.Union(
      (['create', 'update', 'replace', 'delete', 'unchanged'] as const).map((action) => Type.Literal(action)),
    ),
    kind: Type.String({ description: 'server, taskserv, cluster, network, volume or dns' }),
    name: Type.String(),
    attributes: Type.Optional(Type.Array(Type.Object({ attribute: Type.String() }, open))),
    reasons: Type.Optional(Type.Array(Type.String())),
    drift: Type.Optional(Type.Boolean({ description: 'made outside, not by a new definition' })),
  },
  { $id: 'PlannedChange', description: 'One change of a plan.', ...open },
);

export const PlanOutput = Type.Object(
  {
    workspace: Type.String(),
    infra: Type.String(),
    environment: Type.String(),
    changes: Type.Array(PlannedChange),
    summary: Type.Record(Type.String(), Type.Integer()),
    blocked: Type.Array(Type.String()),
    warnings: Type.Array(Type.String()),
    operations: Type.Array(
      Type.Object({ id: Type.String(), type: Type.String(), name: Type.String() }, open),
    ),
  },
  { $id: 'PlanOutput', description: 'What `plan` prints.', ...open },
);

export const CheckOutput = Type.Object(
  {
    check_mode: Type.Literal(true),
    action: Type.String(),
    resource: Type.String(),
    name: Type.String(),
    infra: nullable(Type.String()),
    status: Type.Literal('planned'),
    would: Type.Array(
      Type.Object(
        { verb: Type.String(), kind: Type.String(), name: Type.String(), detail: Type.String() },
        open,
      ),
    ),
    requirements: Type.Object({ met: Type.Boolean(), missing: Type.Array(Type.String()) }, open),
    warnings: Type.Array(Type.String()),
    errors: Type.Array(Type.String()),
  },
  { $id: 'CheckOutput', description: 'What a changing command prints with `--check`.', ...open },
);

export const OperationOutput = Type.Object(
  {
    status: Type.Union([Type.Literal('success'), Type.Literal('error'), Type.Literal('partial')]),
    result: Type.Object(
      { operation: Type.String(), resources: Type.Array(Type.Unknown()), metadata: Type.Unknown() },
      open,
    ),
    error: Type.Unknown(),
    context: Type.Object({ workflow_id: nullable(Type.String()), step: nullable(Type.String()) }, open),
  },
  { $id: 'OperationOutput', description: 'What a changing command prints when it is done.', ...open },
);

export const OrchestratorStatusOutput = Type.Object(
  {
    active_tasks: Type.Integer(),
    completed_tasks: Type.Integer(),
    failed_tasks: Type.Integer(),
    pending_tasks: Type.Integer(),
    uptime: nullable(Type.String()),
    health: Type.String({ description: 'healthy, degraded, unhealthy or stopped' }),
    endpoint: Type.String(),
    pid: Type.Optional(Type.Integer()),
  },
  { $id: 'OrchestratorStatusOutput', description: 'What `orchestrator status` prints.', ...open },
);

export const StatusCheckOutput = Type.Object(
  {
    name: Type.String(),
    status: Type.Union([Type.Literal('ok'), Type.Literal('warning'), Type.Literal('error')]),
    message: Type.String(),
  },
  { $id: 'StatusCheckOutput', description: 'One check of `status`.', ...open },
);

export const ErrorOutput = Type.Object(
  {
    error: Type.Object(
      {
        code: Type.String({ description: 'UPPER_CASE' }),
        message: Type.String(),
        hint: nullable(Type.String()),
        exit_code: Type.Integer(),
        details: Type.Unknown(),
      },
      open,
    ),
  },
  { $id: 'ErrorOutput', description: 'A failure, one line on standard error.', ...open },
);
