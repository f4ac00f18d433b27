import { Health } from '@provisioning/client';
import type { RouteSpec } from '@provisioning/service-kit';
import { Type } from 'typebox';

const Open = Type.Object({}, { additionalProperties: true });

/** The service itself (13 §3). */
export const systemRoutes = {
  getHealth: {
    operationId: 'getHealth',
    method: 'GET',
    path: '/health',
    tag: 'system',
    summary: 'Whether the orchestrator works; answered without a token',
    data: Health,
    raw: 'application/json; charset=utf-8',
    public: true,
    rateLimit: 'none',
  },
  getReady: {
    operationId: 'getReady',
    method: 'GET',
    path: '/ready',
    tag: 'system',
    summary: 'Whether recovery is finished and work is handed out',
    data: Type.Object({ ready: Type.Boolean() }),
    public: true,
    rateLimit: 'none',
  },
  getMetrics: {
    operationId: 'getMetrics',
    method: 'GET',
    path: '/metrics',
    tag: 'system',
    summary: 'Metrics in the Prometheus text format',
    data: Type.String(),
    raw: 'text/plain; version=0.0.4; charset=utf-8',
    rateLimit: 'none',
  },
  getVersions: {
    operationId: 'getVersions',
    method: 'GET',
    path: '/api/versions',
    tag: 'system',
    summary: 'Versions of the service and its API',
    data: Type.Object({ service: Type.String(), version: Type.String() }, { additionalProperties: true }),
    public: true,
  },
  getConfiguration: {
    operationId: 'getConfiguration',
    method: 'GET',
    path: '/api/config',
    tag: 'system',
    summary: 'Effective configuration with origins; secrets as ***',
    data: Open,
  },
  getVersion: {
    operationId: 'getVersion',
    method: 'GET',
    path: '/version',
    tag: 'system',
    summary: 'Version of the service',
    data: Type.Object({ version: Type.String(), node: Type.String() }, { additionalProperties: true }),
  },
  getStatus: {
    operationId: 'getStatus',
    method: 'GET',
    path: '/status',
    tag: 'system',
    summary: 'Health, tasks by status, store, dispatcher and circuits',
    data: Open,
  },
  getQueueStatus: {
    operationId: 'getQueueStatus',
    method: 'GET',
    path: '/queue/status',
    tag: 'system',
    summary: 'What waits and what runs',
    data: Type.Object({ depth: Type.Integer(), running: Type.Integer() }, { additionalProperties: true }),
  },
  listWorkers: {
    operationId: 'listWorkers',
    method: 'GET',
    path: '/workers',
    tag: 'system',
    summary: 'Processes that run operations',
    data: Type.Array(Type.Object({ id: Type.String() }, { additionalProperties: true })),
  },
  getOpenApi: {
    operationId: 'getOpenApi',
    method: 'GET',
    path: '/openapi.json',
    tag: 'system',
    summary: 'This description',
    data: Type.String(),
    raw: 'application/json; charset=utf-8',
    public: true,
  },
} as const satisfies Record<string, RouteSpec>;
