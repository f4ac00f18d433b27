import { type Static, Type } from 'typebox';
import { Name } from './name.ts';

/** A rule of a server's firewall (05 §4.4). Rules apply in order; with at least one ingress rule the default is deny. */
export const FirewallRule = Type.Object(
  {
    direction: Type.Enum(['ingress', 'egress'], { default: 'ingress' }),
    protocol: Type.Enum(['tcp', 'udp', 'icmp'], { default: 'tcp', messages: { enum: 'Invalid protocol' } }),
    port: Type.Union([
      Type.Integer({ minimum: 1, maximum: 65535 }),
      Type.String({ pattern: '^(\\*|\\d+(-\\d+)?)$' }),
    ]),
    source: Type.String({ default: '0.0.0.0/0' }),
    destination: Type.Optional(Type.String()),
    action: Type.Enum(['allow', 'deny'], { default: 'allow' }),
    description: Type.Optional(Type.String()),
  },
  { title: 'FirewallRule' },
);
export type FirewallRule = Static<typeof FirewallRule>;

/** A taskserv on a server: its name, or a record with profile, version and configuration (05 §4.1). */
export const ServerTaskserv = Type.Object({
  name: Type.String({ minLength: 1 }),
  profile: Type.String({ default: 'default' }),
  version: Type.Optional(Type.String()),
  enabled: Type.Boolean({ default: true }),
  config: Type.Record(Type.String(), Type.Unknown(), { default: {} }),
});
export type ServerTaskserv = Static<typeof ServerTaskserv>;

/** A volume beside the root disk. Size in GB. It is formatted and mounted only when it is blank. */
export const ServerVolume = Type.Object({
  name: Type.String({ minLength: 1 }),
  size: Type.Number({ minimum: 1 }),
  type: Type.String({
    default: 'ssd',
    description: 'ssd, nvme, spinning, archive, or a type of the provider',
  }),
  mount_point: Type.Optional(Type.String()),
  encrypted: Type.Boolean({ default: true }),
  backup_enabled: Type.Boolean({ default: true }),
});

export const ServerStorage = Type.Object({
  root_size: Type.Optional(Type.Number({ minimum: 1, description: 'GB' })),
  type: Type.Optional(Type.String({ description: 'Tier of the provider' })),
  encrypted: Type.Boolean({ default: true }),
  additional: Type.Array(ServerVolume, { default: [] }),
  backups: Type.Array(
    Type.Object({
      backup_id: Type.String({ default: '' }),
      frequency: Type.String({
        default: 'daily',
        description: 'daily, hourly, every-6h, 24h or a cron line',
      }),
      retention_days: Type.Integer({ default: 7, minimum: 1 }),
    }),
    { default: [] },
  ),
});

export const ServerNetwork = Type.Object({
  public_ip: Type.Boolean({ default: true }),
  utility_ip: Type.Boolean({ default: true }),
  private_network: Type.Optional(Type.Unknown()),
  bandwidth: Type.Optional(Type.Unknown()),
  enable_ipv6: Type.Boolean({ default: false }),
  segment: Type.Optional(Type.String()),
  vpc_id: Type.Optional(Type.String()),
  subnet_id: Type.Optional(Type.String()),
});

/**
 * A server as a definition resolves it (05 §4.1): aliases applied, defaults filled, taskservs as records.
 * Memory in MB, disk in GB, times in seconds. Unknown keys are kept.
 */
export const Server = Type.Object(
  {
    hostname: Name,
    title: Type.String({ default: '' }),
    description: Type.String({ default: '' }),
    provider: Type.String({ minLength: 1 }),
    plan: Type.String({ default: '' }),
    cores: Type.Integer({ minimum: 1, default: 2, messages: { minimum: 'CPU cores must be positive' } }),
    memory: Type.Integer({
      minimum: 1,
      default: 4096,
      description: 'MB',
      messages: { minimum: 'Memory must be positive' },
    }),
    disk: Type.Integer({
      minimum: 10,
      maximum: 2048,
      default: 25,
      description: 'GB',
      messages: { minimum: 'Minimum storage is 10GB', maximum: 'Maximum storage is 2TB' },
    }),
    zone: Type.String({ default: 'auto' }),
    os: Type.String({ default: 'ubuntu-22.04' }),
    user: Type.Optional(Type.String()),
    user_ssh_port: Type.Integer({ minimum: 1, maximum: 65535, default: 22 }),
    ssh_keys: Type.Array(Type.String(), { default: [] }),
    network: Type.Optional(ServerNetwork),
    firewall_rules: Type.Array(FirewallRule, { default: [] }),
    allowed_ports: Type.Array(Type.Integer({ minimum: 1, maximum: 65535 }), { default: [] }),
    security_groups: Type.Optional(Type.Array(Type.String())),
    vpc: Type.Optional(Type.String()),
    subnet: Type.Optional(Type.String()),
    storage: Type.Optional(ServerStorage),
    taskservs: Type.Array(ServerTaskserv, { default: [] }),
    labels: Type.Record(Type.String(), Type.String(), { default: {} }),
    tags: Type.Record(Type.String(), Type.String(), { default: {} }),
    enabled: Type.Boolean({ default: true }),
    count: Type.Optional(Type.Integer({ minimum: 0, maximum: 100_000 })),
    name_pattern: Type.Optional(Type.String({ minLength: 1 })),
    lock: Type.Boolean({ default: false }),
    time_zone: Type.String({ default: 'UTC' }),
    running_wait: Type.Integer({ minimum: 0, default: 20 }),
    running_timeout: Type.Integer({ minimum: 1, default: 600 }),
    fix_local_hosts: Type.Optional(Type.Boolean()),
    preemptible: Type.Optional(Type.Boolean()),
    kernel_version: Type.Optional(Type.String()),
    monitoring: Type.Optional(Type.Boolean()),
    monitoring_interval: Type.Optional(Type.Integer({ minimum: 1 })),
    backup_enabled: Type.Optional(Type.Boolean()),
    encrypted_storage: Type.Optional(Type.Boolean()),
    monitoring_enabled: Type.Optional(Type.Boolean()),
  },
  { $id: 'Server', additionalProperties: true },
);
export type Server = Static<typeof Server> & Readonly<Record<string, unknown>>;
