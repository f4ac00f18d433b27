import {
  ClientFrame,
  ErrorEnvelope,
  eventData,
  EventEnvelope,
  Metadata,
  ServerFrame,
} from '@provisioning/client';
import type { RouteSpec } from '@provisioning/service-kit';
import type { TSchema } from 'typebox';

export type Json = Record<string, unknown>;

/** Statuses of failure that every route may answer (13 §1). */
const failures: Readonly<Record<string, string>> = {
  '400': 'Malformed request or unknown API level',
  '401': 'Token missing or invalid',
  '403': 'Not allowed',
  '404': 'Not found',
  '409': 'State or dependency conflict',
  '413': 'Body too large',
  '415': 'Unsupported media type',
  '422': 'Validation failed',
  '429': 'Rate limit exceeded',
  '500': 'Internal error',
  '503': 'Queue full, store down or draining',
};

/** What travels over the WebSocket, by name (13 §10). */
export const socketSchemas: Readonly<Record<string, TSchema>> = {
  ...eventData,
  EventEnvelope,
  WsClientFrame: ClientFrame,
  WsServerFrame: ServerFrame,
};

/** OpenAPI 3.1 of the routes, made from the schemas that validate requests (13 §10). */
export function openApiDocument(routes: readonly RouteSpec[], version: string): Json {
  const components = new Map<string, unknown>();
  const schema = (type: TSchema) => collect(type, components);
  schema(ErrorEnvelope);
  for (const [name, type] of Object.entries(socketSchemas)) {
    components.set(name, strip(type, components));
  }
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    (paths[publicPath(route)] ??= {})[route.method.toLowerCase()] = describe(route, schema);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Provisioning orchestrator',
      version,
      description: 'Durable workflows: submit, watch, cancel, resume, roll back.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: Object.fromEntries([...components].sort(([a], [b]) => (a < b ? -1 : 1))),
      responses: {
        Error: { description: 'Failure', content: json({ $ref: '#/components/schemas/ErrorEnvelope' }) },
      },
      securitySchemes: { bearerAuth: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  };
}

/** Paths at the root of the server are shown there, all others below the canonical prefix. */
export function publicPath({ path }: RouteSpec): string {
  const atRoot = path === '/health' || path === '/metrics' || path.startsWith('/api/');
  return atRoot ? path : `/api/v1${path}`;
}

function describe(route: RouteSpec, schema: (type: TSchema) => unknown): Json {
  const status = String(route.status ?? 200);
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    parameters: [...pathParameters(route.path), ...queryParameters(route.query)],
    ...(route.body === undefined
      ? {}
      : { requestBody: { required: !route.bodyOptional, content: bodyContent(route, schema(route.body)) } }),
    responses: {
      [status]: success(route, schema),
      ...Object.fromEntries(
        Object.entries(failures).map(([code]) => [code, { $ref: '#/components/responses/Error' }]),
      ),
      ...(route.operationId === 'getHealth' ? { '503': success(route, schema) } : {}),
      ...(route.operationId === 'executeRollback' ? { '202': success(route, schema) } : {}),
    },
    security: route.public ? [] : [{ bearerAuth: [] }, {}],
    ...(route.mfa === undefined ? {} : { 'x-mfa': route.mfa }),
    'x-rate-limit-class': route.rateLimit ?? 'general',
    ...(route.aliases === undefined ? {} : { 'x-aliases': route.aliases.map((path) => `/api/v1${path}`) }),
  };
}

function success(route: RouteSpec, schema: (type: TSchema) => unknown): Json {
  const description = route.status === 202 ? 'Accepted' : 'Success';
  if (route.status === 204) return { description: 'Done, no content' };
  const data = route.data === undefined ? {} : schema(route.data);
  const headers = route.paged
    ? Object.fromEntries(
        ['X-Total-Count', 'X-Limit', 'X-Offset', 'Link'].map((name) => [
          name,
          { schema: { type: 'string' } },
        ]),
      )
    : undefined;
  const content =
    route.raw === undefined
      ? json({
          type: 'object',
          required: ['success', 'data', 'metadata'],
          properties: { success: { const: true }, data, metadata: schema(Metadata) },
        })
      : { [route.raw.split(';')[0]!]: { schema: route.raw.startsWith('text/') ? { type: 'string' } : data } };
  return { description, ...(headers === undefined ? {} : { headers }), content };
}

function bodyContent({ document }: RouteSpec, schema: unknown): Json {
  if (!document) return json(schema);
  return {
    ...json(schema),
    'application/toml': { schema: { type: 'string' } },
    'application/yaml': { schema: { type: 'string' } },
  };
}

function json(schema: unknown): Json {
  return { 'application/json': { schema } };
}

function pathParameters(path: string): Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string', minLength: 1 },
  }));
}

function queryParameters(query: TSchema | undefined): Json[] {
  const { properties = {}, required = [] } = (query ?? {}) as {
    properties?: Record<string, TSchema>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, type]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema: strip(type, new Map()),
  }));
}

/** A schema with an id becomes a component and a reference to it. */
function collect(type: TSchema, components: Map<string, unknown>): unknown {
  const { $id } = type as { $id?: string };
  if ($id === undefined) return strip(type, components);
  if (!components.has($id)) {
    components.set($id, {});
    components.set($id, strip(type, components));
  }
  return { $ref: `#/components/schemas/${$id}` };
}

export function strip(value: unknown, components: Map<string, unknown>): unknown {
  if (Array.isArray(value)) return value.map((item) => strip(item, components));
  if (typeof value !== 'object' || value === null) return value;
  const result: Json = {};
  for (const [key, item] of Object.entries(value)) {
    if (key === '$id' || key.startsWith('~')) continue;
    const nested = typeof item === 'object' && item !== null && '$id' in item;
    result[key] = nested ? collect(item as TSchema, components) : nestedMap(key, item, components);
  }
  return result;
}

function nestedMap(key: string, item: unknown, components: Map<string, unknown>): unknown {
  if (key !== 'properties' && key !== 'anyOf' && key !== 'patternProperties') return strip(item, components);
  const one = (type: unknown) => collect(type as TSchema, components);
  if (Array.isArray(item)) return item.map(one);
  return Object.fromEntries(Object.entries(item as object).map(([name, type]) => [name, one(type)]));
}
