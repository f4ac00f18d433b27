import { type Static, Type } from 'typebox';

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

/** Whatever a server definition says under the provider's name may stand in the texts of the declaration. */
export const RestServer = Type.Object({}, { $id: 'RestServer', additionalProperties: true });
