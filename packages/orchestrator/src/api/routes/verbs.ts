import { RetryPolicy } from '@provisioning/client';
import type { RouteSpec } from '@provisioning/service-kit';
import { Type } from 'typebox';
import { Flag, Text } from './shapes.ts';

const options = {
  workspace: Text,
  environment: Text,
  settings: Type.Optional(Type.String({ description: "A file inside the infrastructure's folder" })),
  check_mode: Type.Optional(Type.Boolean({ description: 'Plan only: the output says what would change' })),
  wait: Type.Optional(Type.Boolean({ description: 'Accepted for old clients; the answer comes at once' })),
  priority: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
  timeout_seconds: Type.Optional(Type.Number({ minimum: 0 })),
  retry_policy: Type.Optional(RetryPolicy),
  rollback_enabled: Flag,
  labels: Type.Optional(Type.Record(Type.String(), Type.String())),
};
const open = { additionalProperties: true } as const;
const Names = Type.Array(Type.String(), { minItems: 1 });

/** `{infra, servers?, …}` (13 §4). */
export const ServerWorkflow = Type.Object(
  {
    infra: Type.String({ minLength: 1 }),
    servers: Type.Optional(
      Type.Array(Type.Union([Type.String(), Type.Record(Type.String(), Type.Unknown())]), {
        minItems: 1,
        description: 'Names, or definitions; absent: all that are defined',
      }),
    ),
    keep_storage: Flag,
    force: Flag,
    plan: Type.Optional(Type.String({ description: 'New plan of a resize' })),
    ...options,
  },
  { $id: 'ServerWorkflow', ...open },
);
export const TaskservWorkflow = Type.Object(
  {
    operation: Type.Optional(Type.String({ default: 'create' })),
    taskserv: Type.String({ minLength: 1 }),
    infra: Type.String({ minLength: 1 }),
    servers: Type.Optional(Names),
    version: Text,
    config: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    cleanup_data: Flag,
    ...options,
  },
  { $id: 'TaskservWorkflow', ...open },
);
export const ClusterWorkflow = Type.Object(
  {
    operation: Type.Optional(Type.String({ default: 'create' })),
    cluster_type: Type.Optional(Type.String({ minLength: 1 })),
    cluster: Type.Optional(Type.String({ minLength: 1, description: 'The same as cluster_type' })),
    infra: Type.String({ minLength: 1 }),
    version: Text,
    replicas: Type.Optional(Type.Integer({ minimum: 1 })),
    component: Text,
    force: Flag,
    ...options,
  },
  { $id: 'ClusterWorkflow', ...open },
);
export const UpdateWorkflow = Type.Object(
  {
    infra: Type.String({ minLength: 1 }),
    taskservs: Type.Optional(Names),
    servers: Type.Optional(Names),
    parallel: Flag,
    batch_size: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 3 })),
    ...options,
  },
  { $id: 'UpdateWorkflow', ...open },
);
export const ProvisionRequest = Type.Object(
  {
    workspace: Type.String({ minLength: 1 }),
    infra: Text,
    services: Type.Optional(Type.Array(Type.String())),
    mode: Text,
    check_mode: Flag,
  },
  { $id: 'ProvisionRequest', ...open },
);

/** The bare id at level v1; with its workflow at v2 and v3. */
export const Accepted = Type.Union(
  [
    Type.String(),
    Type.Object({ task_id: Type.String(), workflow_id: Type.String(), status: Type.String() }, open),
  ],
  { $id: 'Accepted' },
);

const accepted = { status: 202, data: Accepted } as const;

function serverRoute<Id extends string>(operationId: Id, path: string, summary: string) {
  return {
    operationId,
    method: 'POST',
    path,
    tag: 'workflows',
    summary,
    mfa: 'always',
    body: ServerWorkflow,
    ...accepted,
  } as const;
}

/** Workflows on servers, taskservs and clusters by verb (13 §4). */
export const verbRoutes = {
  createServerWorkflow: serverRoute(
    'createServerWorkflow',
    '/workflows/servers/create',
    'Create the servers that are defined, or the given ones',
  ),
  changeServersWorkflow: serverRoute(
    'changeServersWorkflow',
    '/workflows/servers/{verb}',
    'delete, start, stop, restart, resize or update servers',
  ),
  createTaskservWorkflow: {
    operationId: 'createTaskservWorkflow',
    method: 'POST',
    path: '/workflows/taskserv/create',
    tag: 'workflows',
    summary: 'Install, update or delete a taskserv on servers',
    mfa: 'production',
    body: TaskservWorkflow,
    ...accepted,
  },
  createClusterWorkflow: {
    operationId: 'createClusterWorkflow',
    method: 'POST',
    path: '/workflows/cluster/create',
    tag: 'workflows',
    summary: 'Create, update, scale or delete a cluster',
    mfa: 'always',
    body: ClusterWorkflow,
    ...accepted,
  },
  createUpdateWorkflow: {
    operationId: 'createUpdateWorkflow',
    method: 'POST',
    path: '/workflows/update',
    tag: 'workflows',
    summary: 'Bring taskservs to the versions that are defined',
    mfa: 'production',
    body: UpdateWorkflow,
    ...accepted,
  },
  provisionWorkspace: {
    operationId: 'provisionWorkspace',
    method: 'POST',
    path: '/provision',
    tag: 'workflows',
    summary: 'Make everything that an infrastructure defines',
    mfa: 'always',
    body: ProvisionRequest,
    status: 202,
    data: Type.Object({ task_id: Type.String(), workflow_id: Type.String() }, open),
  },
} as const satisfies Record<string, RouteSpec>;
