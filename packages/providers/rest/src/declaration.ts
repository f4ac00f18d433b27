import { type Static, Type } from 'typebox';
import { ProviderError } from '@provisioning/extensions-sdk';

const text = Type.String({ minLength: 1 });

/** One call of the service. Texts may hold `{{…}}`; `items`, `item`, `next` are paths into the answer. */
export const OperationDeclaration = Type.Object(
  {
    method: Type.String({ default: 'GET' }),
    path: text,
    query: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    body: Type.Optional(Type.Unknown()),
    /** Path of a list in the answer; the answer itself when absent. */
    items: Type.Optional(Type.String()),
    /** Path of a single thing in the answer. */
    item: Type.Optional(Type.String()),
    /** A condition that a successful answer fulfils: `droplet.id != null`. */
    ok: Type.Optional(Type.String()),
    /** Pages: the query parameter, and where the next page (a link, a number or a token) stands in the answer. */
    page: Type.Optional(
      Type.Object({
        param: text,
        next: Type.Optional(text),
        size: Type.Optional(Type.Integer({ minimum: 1 })),
      }),
    ),
    /** Header for the idempotency key, where the service has one. */
    idempotency_header: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);
export type OperationDeclaration = Static<typeof OperationDeclaration>;

/** A cloud by declaration (06 §6.6). */
export const Declaration = Type.Object(
  {
    display_name: Type.Optional(Type.String()),
    base_url: Type.Optional(text),
    auth: Type.Optional(
      Type.Object({
        method: Type.Union(
          [Type.Literal('api_key'), Type.Literal('oauth'), Type.Literal('basic'), Type.Literal('none')],
          { default: 'api_key' },
        ),
        header: Type.Optional(Type.String({ default: 'Authorization' })),
        format: Type.Optional(Type.String({ default: 'Bearer {{credentials.token}}' })),
        /** Variable of the token; for `basic` those of user and password. */
        env: Type.Optional(Type.String({ default: 'PROVIDER_TOKEN' })),
        env_username: Type.Optional(Type.String({ default: 'PROVIDER_USERNAME' })),
        env_password: Type.Optional(Type.String({ default: 'PROVIDER_PASSWORD' })),
      }),
    ),
    defaults: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    operations: Type.Optional(Type.Record(Type.String(), OperationDeclaration)),
    /** Our names → paths in one server of an answer; `ip.public`, `ip.private`, `ip.utility`, `ip.ipv6` for addresses. */
    fields: Type.Optional(Type.Record(Type.String(), Type.String())),
    /** Unit of the memory field. */
    memory_unit: Type.Optional(Type.Union([Type.Literal('mb'), Type.Literal('gb')], { default: 'mb' })),
    /** States of the service → ours. */
    states: Type.Optional(Type.Record(Type.String(), Type.String())),
    /** How the service keeps tags: a map, or a list of `key:value`. Without it our servers are known by their names. */
    tags: Type.Optional(Type.Union([Type.Literal('map'), Type.Literal('list')])),
    capabilities: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    plans: Type.Optional(
      Type.Array(
        Type.Object({
          name: text,
          cores: Type.Integer({ minimum: 1 }),
          memory_mb: Type.Integer({ minimum: 1 }),
          disk_gb: Type.Optional(Type.Number()),
          description: Type.Optional(Type.String()),
          zones: Type.Optional(Type.Array(Type.String())),
        }),
      ),
    ),
    zones: Type.Optional(
      Type.Array(Type.Union([Type.String(), Type.Object({ name: text, region: Type.String() })])),
    ),
    images: Type.Optional(Type.Array(Type.String())),
    pricing: Type.Optional(
      Type.Object({
        table: Type.Record(Type.String(), Type.Number({ minimum: 0 })),
        storage_gb: Type.Optional(Type.Number({ minimum: 0, default: 0 })),
        unit: Type.Optional(Type.Union([Type.Literal('hour'), Type.Literal('month')], { default: 'hour' })),
        currency: Type.Optional(Type.String({ default: 'USD' })),
      }),
    ),
    /** Prices for a promised time: for how many months, and the page where they are bought. */
    reservations: Type.Optional(
      Type.Object({
        months: Type.Array(Type.Integer({ minimum: 1 }), { minItems: 1 }),
        url: Type.String({ pattern: '^https?://' }),
      }),
    ),
  },
  { $id: 'RestDeclaration', additionalProperties: true },
);
export type Declaration = Static<typeof Declaration>;

const methods: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);

/** What is called when a declaration says nothing (S:16271-16289). */
const defaultOperations: Readonly<Record<string, OperationDeclaration>> = {
  listServers: { method: 'GET', path: '/servers', items: 'servers' },
  getServer: { method: 'GET', path: '/servers/{{id}}', item: 'server' },
  createServer: {
    method: 'POST',
    path: '/servers',
    body: {
      name: '{{server.hostname}}',
      plan: '{{server.plan}}',
      zone: '{{server.zone}}',
      image: '{{server.os}}',
      ssh_keys: '{{server.ssh_public_keys}}',
      tags: '{{tags}}',
    },
    item: 'server',
  },
  deleteServer: { method: 'DELETE', path: '/servers/{{id}}' },
  'setState.running': { method: 'POST', path: '/servers/{{id}}/start' },
  'setState.stopped': { method: 'POST', path: '/servers/{{id}}/stop' },
  'setState.rebooted': { method: 'POST', path: '/servers/{{id}}/reboot' },
  listPlans: { method: 'GET', path: '/plans', items: 'plans' },
  listZones: { method: 'GET', path: '/zones', items: 'zones' },
  listImages: { method: 'GET', path: '/images', items: 'images' },
  account: { method: 'GET', path: '/account' },
  health: { method: 'GET', path: '/health' },
};

/** The operation a declaration gives, else the default; `undefined` for those without a default. */
export function operationOf(declaration: Declaration, key: string): OperationDeclaration | undefined {
  return declaration.operations?.[key] ?? defaultOperations[key];
}

/** Whether the declaration itself names the operation. */
export function declares(declaration: Declaration, key: string): boolean {
  return declaration.operations?.[key] !== undefined;
}

/** @throws ProviderError `invalid` with the first thing that is wrong. */
export function checkMethods(provider: string, declaration: Declaration): void {
  for (const { method } of Object.values(declaration.operations ?? {})) {
    if (methods.has(method.toUpperCase())) continue;
    throw new ProviderError({
      provider,
      operation: 'init',
      code: 'invalid',
      message: `Unsupported HTTP method: ${method}`,
      help: `Methods are ${[...methods].join(', ')}.`,
    });
  }
}
