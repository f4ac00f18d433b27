import { type Static, Type } from 'typebox';

/** `providers.upcloud` of the configuration (06 §6.3). Times in seconds, sizes in GB. */
export const UpcloudConfig = Type.Object(
  {
    enabled: Type.Optional(Type.Boolean({ default: true })),
    api_url: Type.Optional(Type.String({ default: 'https://api.upcloud.com/1.3' })),
    token: Type.Optional(
      Type.Unsafe<unknown>({ description: 'API token; UPCLOUD_TOKEN otherwise. Goes before the password' }),
    ),
    username: Type.Optional(Type.Unsafe<unknown>({ description: 'API user; UPCLOUD_USERNAME otherwise' })),
    password: Type.Optional(
      Type.Unsafe<unknown>({ description: 'API password; UPCLOUD_PASSWORD otherwise' }),
    ),
    default_zone: Type.Optional(Type.String({ default: 'de-fra1' })),
    default_plan: Type.Optional(Type.String({ default: '2xCPU-4GB' })),
    storage_size: Type.Optional(Type.Integer({ minimum: 10, maximum: 4096, default: 25 })),
    storage_tier: Type.Optional(Type.String({ default: 'maxiops' })),
    zones: Type.Optional(Type.Array(Type.String(), { description: 'Allowed zones; all when empty' })),
    object_storage: Type.Optional(
      Type.Object(
        {
          access_key: Type.Optional(
            Type.Unsafe<unknown>({
              description: 'Access key of the object storage; UPCLOUD_S3_ACCESS_KEY otherwise',
            }),
          ),
          secret_key: Type.Optional(
            Type.Unsafe<unknown>({ description: 'Its secret; UPCLOUD_S3_SECRET_KEY otherwise' }),
          ),
          endpoint: Type.Optional(Type.String({ description: 'Default: the public one that the API names' })),
        },
        { description: 'S3 keys: with them the object storage itself says whether a bucket is empty' },
      ),
    ),
    load_balancer_plan: Type.Optional(Type.String({ default: 'development' })),
    timeout: Type.Optional(Type.Number({ exclusiveMinimum: 0, default: 180 })),
    retries: Type.Optional(Type.Integer({ minimum: 0, default: 3 })),
    running_timeout: Type.Optional(Type.Number({ exclusiveMinimum: 0, default: 600 })),
  },
  { $id: 'UpcloudConfig', additionalProperties: true },
);
export type UpcloudConfig = Static<typeof UpcloudConfig>;

/** A backup rule of a server's disk (S:7954-8017). */
export const StorageBackup = Type.Object(
  {
    backup_id: Type.String({ default: '' }),
    frequency: Type.String({ default: 'daily' }),
    retention_days: Type.Integer({ minimum: 1, maximum: 1095, default: 7 }),
  },
  { $id: 'StorageBackup', additionalProperties: true },
);
export type StorageBackup = Static<typeof StorageBackup>;

/** A server as the UpCloud extension defines it; also the extras under `upcloud` of a server definition. */
export const ServerUpcloud = Type.Object(
  {
    name: Type.Optional(Type.String({ default: '' })),
    plan: Type.Optional(Type.String({ default: '1xCPU-1GB' })),
    zone: Type.Optional(Type.String({ default: 'us-nyc1' })),
    storage_backups: Type.Optional(Type.Array(StorageBackup, { default: [] })),
    /** Storage tier of the system disk; the configuration's otherwise. */
    storage_tier: Type.Optional(Type.String()),
  },
  { $id: 'ServerUpcloud', additionalProperties: true },
);
export type ServerUpcloud = Static<typeof ServerUpcloud>;

/** Credentials and servers together (S:8637-8662). */
export const ProvisionUpcloud = Type.Object(
  {
    api_key: Type.String({ default: '' }),
    api_password: Type.String({ default: '' }),
    servers: Type.Array(ServerUpcloud, { default: [] }),
  },
  { $id: 'ProvisionUpcloud', additionalProperties: true },
);
export type ProvisionUpcloud = Static<typeof ProvisionUpcloud>;
