import { type Static, Type } from 'typebox';

/** `providers.hetzner` of the configuration (06 §6.4). Times in seconds. */
export const HetznerConfig = Type.Object(
  {
    enabled: Type.Optional(Type.Boolean({ default: true })),
    api_url: Type.Optional(Type.String({ default: 'https://api.hetzner.cloud/v1' })),
    token: Type.Optional(
      Type.Unsafe<unknown>({ description: 'API token; HCLOUD_TOKEN of the environment otherwise' }),
    ),
    default_zone: Type.Optional(Type.String({ default: 'fsn1' })),
    default_plan: Type.Optional(Type.String({ default: 'cx22' })),
    network_zone: Type.Optional(Type.String({ default: 'eu-central' })),
    zones: Type.Optional(Type.Array(Type.String(), { description: 'Allowed zones; all when empty' })),
    limits: Type.Optional(
      Type.Partial(
        Type.Object({
          servers: Type.Integer({ minimum: 0 }),
          cores: Type.Integer({ minimum: 0 }),
          volumes: Type.Integer({ minimum: 0 }),
          networks: Type.Integer({ minimum: 0 }),
          load_balancers: Type.Integer({ minimum: 0 }),
          firewalls: Type.Integer({ minimum: 0 }),
        }),
        {
          description:
            'Limits of the project as its console shows them, for provider quota; the API tells none',
        },
      ),
    ),
    load_balancer_type: Type.Optional(Type.String({ default: 'lb11' })),
    object_storage: Type.Optional(
      Type.Object(
        {
          access_key: Type.Optional(
            Type.Unsafe<unknown>({ description: 'Key of the console; HETZNER_S3_ACCESS_KEY otherwise' }),
          ),
          secret_key: Type.Optional(
            Type.Unsafe<unknown>({ description: 'Its secret; HETZNER_S3_SECRET_KEY otherwise' }),
          ),
          endpoint: Type.Optional(
            Type.String({ description: 'Default: `https://<region>.your-objectstorage.com`' }),
          ),
        },
        { description: 'S3 keys for buckets, which the API token is not good for' },
      ),
    ),
    timeout: Type.Optional(Type.Number({ exclusiveMinimum: 0, default: 30 })),
    retries: Type.Optional(Type.Integer({ minimum: 0, default: 3 })),
    running_timeout: Type.Optional(Type.Number({ exclusiveMinimum: 0, default: 600 })),
  },
  { $id: 'HetznerConfig', additionalProperties: true },
);
export type HetznerConfig = Static<typeof HetznerConfig>;

/** Extras under `hetzner` of a server definition. */
export const HetznerServer = Type.Object(
  {
    /** Names of networks the server joins, on top of the infrastructure's own. */
    networks: Type.Optional(Type.Array(Type.String())),
    placement_group: Type.Optional(Type.Integer()),
    backups: Type.Optional(Type.Boolean({ default: false })),
  },
  { $id: 'HetznerServer', additionalProperties: true },
);
export type HetznerServer = Static<typeof HetznerServer>;
