import type { RouteSpec } from '@provisioning/service-kit';
import { Type } from 'typebox';
import { Flag, paging, Text } from './shapes.ts';

const open = { additionalProperties: true } as const;
const place = { infra: Text, workspace: Text };
const Addresses = Type.Record(Type.String(), Type.String());

const InstalledTaskserv = Type.Object(
  { name: Type.String(), version: Type.String(), status: Type.String(), installed_at: Type.String() },
  { $id: 'InstalledTaskserv', ...open },
);
const ServerResource = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    hostname: Type.String(),
    infra: Type.String(),
    workspace: Type.String(),
    provider: Type.String(),
    plan: Type.String(),
    zone: Type.String(),
    cores: Type.Integer(),
    memory: Type.Integer({ description: 'MB' }),
    status: Type.String(),
    ip_address: Text,
    ip_addresses: Addresses,
    created_at: Type.String(),
    updated_at: Type.String(),
    tags: Type.Record(Type.String(), Type.String()),
    taskservs: Type.Array(InstalledTaskserv),
  },
  { $id: 'ServerResource', ...open },
);
const TaskservResource = Type.Object(
  {
    id: Type.String({ description: '<server>/<name>' }),
    name: Type.String(),
    server: Type.String(),
    version: Type.String(),
    status: Type.String(),
    infra: Type.String(),
    workspace: Type.String(),
    installed_at: Type.String(),
  },
  { $id: 'TaskservResource', ...open },
);
const ClusterResource = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    version: Type.String(),
    status: Type.String(),
    infra: Type.String(),
    workspace: Type.String(),
    components: Type.Array(Type.Object({ component: Type.String(), status: Type.String() }, open)),
  },
  { $id: 'ClusterResource', ...open },
);

/** Body of `POST /servers` at every level (13 §1 "Versions"). */
export const CreateServer = Type.Object(
  {
    name: Text,
    plan: Text,
    zone: Type.Optional(Type.String({ default: 'auto' })),
    provider: Text,
    ...place,
    orchestrated: Flag,
    workflow_options: Type.Optional(
      Type.Object(
        {
          wait_for_completion: Flag,
          timeout_seconds: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
          retry_count: Type.Optional(Type.Integer({ minimum: 0, maximum: 99 })),
        },
        open,
      ),
    ),
    check_mode: Flag,
  },
  { $id: 'CreateServer', ...open },
);
const Created = Type.Object(
  { task_id: Type.String(), workflow_id: Type.String(), status: Type.String() },
  { $id: 'ResourceWork', ...open },
);
const Work = Type.Union([Created, Type.String()]);
const removal = Type.Object({ ...place, keep_storage: Flag, force: Flag });
const accepted = { status: 202, data: Work } as const;

/** Servers, taskservs and clusters as resources (13 §6). */
export const resourceRoutes = {
  listServers: {
    operationId: 'listServers',
    method: 'GET',
    path: '/servers',
    tag: 'resources',
    summary: 'Servers as last known',
    query: Type.Object({ ...place, ...paging, status: Text, provider: Text }),
    data: Type.Array(ServerResource),
    paged: true,
  },
  createServer: {
    operationId: 'createServer',
    method: 'POST',
    path: '/servers',
    aliases: ['/servers/create'],
    tag: 'resources',
    summary: 'Create a server',
    mfa: 'always',
    body: CreateServer,
    ...accepted,
  },
  getServer: {
    operationId: 'getServer',
    etag: true,
    method: 'GET',
    path: '/servers/{id}',
    tag: 'resources',
    summary: 'A server by id or hostname',
    query: Type.Object(place),
    data: ServerResource,
  },
  getServerStatus: {
    operationId: 'getServerStatus',
    method: 'GET',
    path: '/servers/{id}/status',
    tag: 'resources',
    summary: 'Status, addresses and taskservs of a server',
    query: Type.Object(place),
    data: Type.Object(
      {
        id: Type.String(),
        status: Type.String(),
        health: Type.String(),
        ip_addresses: Addresses,
        taskservs: Type.Array(InstalledTaskserv),
      },
      open,
    ),
  },
  updateServer: {
    operationId: 'updateServer',
    method: 'PUT',
    path: '/servers/{id}',
    tag: 'resources',
    summary: 'Bring a server to the given definition',
    mfa: 'always',
    query: Type.Object(place),
    body: Type.Object({}, open),
    ...accepted,
  },
  deleteServer: {
    operationId: 'deleteServer',
    method: 'DELETE',
    path: '/servers/{id}',
    tag: 'resources',
    summary: 'Delete a server',
    mfa: 'always',
    query: removal,
    ...accepted,
  },
  listTaskservs: {
    operationId: 'listTaskservs',
    method: 'GET',
    path: '/taskservs',
    aliases: ['/taskserv'],
    tag: 'resources',
    summary: 'Taskservs on servers as last known',
    query: Type.Object({ ...place, ...paging, server: Text, status: Text }),
    data: Type.Array(TaskservResource),
    paged: true,
  },
  createTaskserv: {
    operationId: 'createTaskserv',
    method: 'POST',
    path: '/taskservs',
    aliases: ['/taskserv', '/taskservs/create', '/taskserv/create'],
    tag: 'resources',
    summary: 'Install a taskserv on servers',
    mfa: 'production',
    body: Type.Object(
      {
        taskserv: Type.String({ minLength: 1 }),
        servers: Type.Optional(Type.Array(Type.String(), { minItems: 1 })),
        ...place,
        version: Text,
        config: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
        check_mode: Flag,
      },
      open,
    ),
    ...accepted,
  },
  getTaskserv: {
    operationId: 'getTaskserv',
    etag: true,
    method: 'GET',
    path: '/taskservs/{id}',
    aliases: ['/taskserv/{id}'],
    tag: 'resources',
    summary: 'A taskserv by <server>/<name>, or by name with ?server',
    query: Type.Object({ ...place, server: Text }),
    data: TaskservResource,
  },
  getTaskservStatus: {
    operationId: 'getTaskservStatus',
    method: 'GET',
    path: '/taskservs/{id}/status',
    aliases: ['/taskserv/{id}/status'],
    tag: 'resources',
    summary: 'Version and status of a taskserv',
    query: Type.Object({ ...place, server: Text }),
    data: Type.Object({ service: Type.String(), version: Type.String(), health: Type.String() }, open),
  },
  deleteTaskserv: {
    operationId: 'deleteTaskserv',
    method: 'DELETE',
    path: '/taskservs/{id}',
    aliases: ['/taskserv/{id}'],
    tag: 'resources',
    summary: 'Remove a taskserv from a server',
    mfa: 'always',
    query: Type.Object({ ...place, server: Text }),
    ...accepted,
  },
  listClusters: {
    operationId: 'listClusters',
    method: 'GET',
    path: '/clusters',
    aliases: ['/cluster'],
    tag: 'resources',
    summary: 'Clusters that were created',
    query: Type.Object({ ...place, ...paging, status: Text }),
    data: Type.Array(ClusterResource),
    paged: true,
  },
  createCluster: {
    operationId: 'createCluster',
    method: 'POST',
    path: '/clusters',
    aliases: ['/cluster', '/clusters/create', '/cluster/create'],
    tag: 'resources',
    summary: 'Create a cluster',
    mfa: 'always',
    body: Type.Object(
      { name: Type.String({ minLength: 1 }), ...place, version: Text, check_mode: Flag },
      open,
    ),
    ...accepted,
  },
  getCluster: {
    operationId: 'getCluster',
    etag: true,
    method: 'GET',
    path: '/clusters/{id}',
    aliases: ['/cluster/{id}', '/cluster/{id}/status', '/clusters/{id}/status'],
    tag: 'resources',
    summary: 'A cluster with its components',
    query: Type.Object(place),
    data: ClusterResource,
  },
  scaleCluster: {
    operationId: 'scaleCluster',
    method: 'POST',
    path: '/clusters/{id}/scale',
    aliases: ['/cluster/{id}/scale'],
    tag: 'resources',
    summary: 'Change on how many servers a component of a cluster runs',
    mfa: 'always',
    query: Type.Object(place),
    body: Type.Object(
      { component: Type.String({ minLength: 1 }), replicas: Type.Integer({ minimum: 1 }) },
      open,
    ),
    ...accepted,
  },
  deleteCluster: {
    operationId: 'deleteCluster',
    method: 'DELETE',
    path: '/clusters/{id}',
    aliases: ['/cluster/{id}'],
    tag: 'resources',
    summary: 'Take a cluster away',
    mfa: 'always',
    query: Type.Object({ ...place, force: Flag }),
    ...accepted,
  },
} as const satisfies Record<string, RouteSpec>;
