import { type Static, Type } from 'typebox';
import { Name } from './name.ts';

/** A rule of a server's firewall (05 §4.4). Rules apply in order; with at least one ingress rule the default is deny. */
export const FirewallRule = Type.Object(
  {
    direction: Type.Enum(['ingress', 'egress'], {
      default: 'ingress',
      description: 'Into the server or out of it',
    }),
    protocol: Type.Enum(['tcp', 'udp', 'icmp'], {
      default: 'tcp',
      messages: { enum: 'Invalid protocol' },
      description: 'Protocol',
    }),
    port: Type.Union(
      [Type.Integer({ minimum: 1, maximum: 65535 }), Type.String({ pattern: '^(\\*|\\d+(-\\d+)?)$' })],
      { description: 'Port, range such as 8000-8100, or * for all' },
    ),
    source: Type.String({ default: '0.0.0.0/0', description: 'Where it comes from (CIDR)' }),
    destination: Type.Optional(Type.String({ description: 'Where it goes to (CIDR)' })),
    action: Type.Enum(['allow', 'deny'], { default: 'allow', description: 'Let through or not' }),
    description: Type.Optional(Type.String({ description: 'For people' })),
  },
  { title: 'FirewallRule' },
);
export type FirewallRule = Static<typeof FirewallRule>;

/** A taskserv on a server: its name, or a record with profile, version and configuration (05 §4.1). */
export const ServerTaskserv = Type.Object({
  name: Type.String({ minLength: 1, description: 'Name of the taskserv' }),
  profile: Type.String({ default: 'default', description: 'Profile of its settings' }),
  version: Type.Optional(
    Type.String({ description: 'Version of the software; default that of the taskserv' }),
  ),
  enabled: Type.Boolean({ default: true, description: 'False: it is not installed' }),
  config: Type.Record(Type.String(), Type.Unknown(), {
    default: {},
    description: 'Settings for this server alone',
  }),
});
export type ServerTaskserv = Static<typeof ServerTaskserv>;

/** A volume beside the root disk. Size in GB. It is formatted and mounted only when it is blank. */
export const ServerVolume = Type.Object({
  name: Type.String({ minLength: 1, description: 'Name of the volume' }),
  size: Type.Number({ minimum: 1, description: 'GB' }),
  type: Type.String({
    default: 'ssd',
    description: 'ssd, nvme, spinning, archive, or a type of the provider',
  }),
  mount_point: Type.Optional(Type.String({ description: 'Folder where it is mounted' })),
  encrypted: Type.Boolean({ default: true, description: 'Encrypted by the provider' }),
  backup_enabled: Type.Boolean({ default: true, description: 'Part of backups' }),
});

export const ServerStorage = Type.Object({
  root_size: Type.Optional(Type.Number({ minimum: 1, description: 'GB' })),
  type: Type.Optional(Type.String({ description: 'Tier of the provider' })),
  encrypted: Type.Boolean({ default: true, description: 'Root disk encrypted by the provider' }),
  additional: Type.Array(ServerVolume, { default: [], description: 'Volumes beside the root disk' }),
  backups: Type.Array(
    Type.Object({
      backup_id: Type.String({ default: '', description: 'Name of the backup' }),
      frequency: Type.String({
        default: 'daily',
        description: 'daily, hourly, every-6h, 24h or a cron line',
      }),
      retention_days: Type.Integer({
        default: 7,
        minimum: 1,
        description: 'Days for which a backup is kept',
      }),
    }),
    { default: [], description: 'Backups of the disks' },
  ),
});

export const ServerNetwork = Type.Object({
  public_ip: Type.Boolean({ default: true, description: 'Address that everybody reaches' }),
  utility_ip: Type.Boolean({
    default: true,
    description: 'Address in the network of the provider, where it has one',
  }),
  private_network: Type.Optional(
    Type.Unknown({
      description: 'Network of this infrastructure: true, its name, or details of the provider',
    }),
  ),
  bandwidth: Type.Optional(Type.Unknown({ description: 'Limit, where the provider has one' })),
  enable_ipv6: Type.Boolean({ default: false, description: 'IPv6 address, too' }),
  segment: Type.Optional(Type.String({ description: 'Part of the network' })),
  vpc_id: Type.Optional(Type.String({ description: 'Network at the provider by its id' })),
  subnet_id: Type.Optional(Type.String({ description: 'Subnet at the provider by its id' })),
});

/**
 * A server as a definition resolves it (05 §4.1): aliases applied, defaults filled, taskservs as records.
 * Memory in MB, disk in GB, times in seconds. Unknown keys are kept.
 */
export const Server = Type.Object(
  {
    hostname: Name,
    title: Type.String({ default: '', description: 'For people' }),
    description: Type.String({ default: '', description: 'For people' }),
    provider: Type.String({ minLength: 1, description: 'Who makes it; default providers.default' }),
    plan: Type.String({
      default: '',
      description: 'Size by its name at the provider, in place of cores and memory',
    }),
    cores: Type.Integer({
      minimum: 1,
      default: 2,
      messages: { minimum: 'CPU cores must be positive' },
      description: 'CPU cores',
    }),
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
    zone: Type.String({
      default: 'auto',
      description: 'Zone of the provider; auto: one that the provider chooses',
    }),
    os: Type.String({ default: 'ubuntu-22.04', description: 'Operating system, such as debian-12' }),
    user: Type.Optional(Type.String({ description: 'Login name for commands; default that of the image' })),
    user_ssh_port: Type.Integer({ minimum: 1, maximum: 65535, default: 22, description: 'Port of SSH' }),
    ssh_keys: Type.Array(Type.String(), {
      default: [],
      description: 'Public keys, or files with them, that may log in',
    }),
    network: Type.Optional(ServerNetwork),
    firewall_rules: Type.Array(FirewallRule, {
      default: [],
      description: 'Rules in their order; with one of ingress everything else is refused',
    }),
    allowed_ports: Type.Array(Type.Integer({ minimum: 1, maximum: 65535 }), {
      default: [],
      description: 'Ports that are open to everybody',
    }),
    security_groups: Type.Optional(Type.Array(Type.String(), { description: 'Groups of rules by name' })),
    vpc: Type.Optional(Type.String({ description: 'Network by name' })),
    subnet: Type.Optional(Type.String({ description: 'Subnet by name' })),
    storage: Type.Optional(ServerStorage),
    taskservs: Type.Array(ServerTaskserv, {
      default: [],
      description: 'What is installed, in the order of their needs',
    }),
    labels: Type.Record(Type.String(), Type.String(), {
      default: {},
      description: 'Labels for lists and filters',
    }),
    tags: Type.Record(Type.String(), Type.String(), { default: {}, description: 'Tags at the provider' }),
    enabled: Type.Boolean({ default: true, description: 'False: as if it were not there' }),
    count: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 100_000, description: 'So many servers of this kind: a group' }),
    ),
    name_pattern: Type.Optional(
      Type.String({ minLength: 1, description: 'Names of a group, such as web-{n}' }),
    ),
    lock: Type.Boolean({ default: false, description: 'True: it is neither deleted nor made anew' }),
    time_zone: Type.String({ default: 'UTC', description: 'Time zone' }),
    running_wait: Type.Integer({
      minimum: 0,
      default: 20,
      description: 'Seconds between two looks whether it runs',
    }),
    running_timeout: Type.Integer({ minimum: 1, default: 600, description: 'Seconds until it must run' }),
    fix_local_hosts: Type.Optional(
      Type.Boolean({ description: 'Keep an entry in the hosts file of this machine' }),
    ),
    preemptible: Type.Optional(Type.Boolean({ description: 'Cheaper; the provider may take it away' })),
    kernel_version: Type.Optional(Type.String({ description: 'Kernel, where the provider lets choose' })),
    monitoring: Type.Optional(Type.Boolean({ description: 'Watch it' })),
    monitoring_interval: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Seconds between two looks' }),
    ),
    backup_enabled: Type.Optional(Type.Boolean({ description: 'Backups by the provider' })),
    encrypted_storage: Type.Optional(Type.Boolean({ description: 'All disks encrypted' })),
    monitoring_enabled: Type.Optional(Type.Boolean({ description: 'Monitoring by the provider' })),
  },
  { $id: 'Server', additionalProperties: true },
);
export type Server = Static<typeof Server> & Readonly<Record<string, unknown>>;
