import type { RouteSpec } from '@provisioning/service-kit';
import { Type } from 'typebox';

const open = { additionalProperties: true } as const;

/** What the service is part of, and what it may be told while it runs (13 §3). */
export const platformRoutes = {
  changeConfiguration: {
    operationId: 'changeConfiguration',
    method: 'POST',
    path: '/config',
    tag: 'system',
    summary: 'Change settings until the next start; those that need a restart are refused',
    mfa: 'always',
    body: Type.Object(
      {
        key: Type.Optional(Type.String({ description: 'Dotted: queue.max_concurrent_tasks' })),
        value: Type.Optional(Type.Unknown()),
        values: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
      },
      open,
    ),
    data: Type.Object({ changed: Type.Array(Type.String()) }),
  },
  getClusterStatus: {
    operationId: 'getClusterStatus',
    method: 'GET',
    path: '/cluster/status',
    tag: 'system',
    summary: 'The orchestrators that share this store, and which of them leads',
    data: Type.Object(
      {
        mode: Type.String(),
        leader: Type.String(),
        nodes: Type.Array(
          Type.Object({
            id: Type.String(),
            address: Type.String(),
            version: Type.String(),
            state: Type.String(),
            last_seen: Type.String(),
          }),
        ),
        replication: Type.Object({ state: Type.String(), lag_seconds: Type.Number() }),
        quorum: Type.Boolean(),
      },
      { $id: 'ClusterStatus', ...open },
    ),
  },
  listServices: {
    operationId: 'listServices',
    method: 'GET',
    path: '/services',
    tag: 'system',
    summary: 'The services that this one knows, and whether they answer',
    data: Type.Array(
      Type.Object(
        {
          name: Type.String(),
          url: Type.String(),
          status: Type.String(),
          latency_ms: Type.Union([Type.Number(), Type.Null()]),
          version: Type.Union([Type.String(), Type.Null()]),
        },
        { $id: 'ServiceStatus', ...open },
      ),
    ),
  },
} as const satisfies Record<string, RouteSpec>;
