import { type Static, Type } from 'typebox';
import { Name } from './name.ts';
import { FirewallRule } from './server.ts';

const cidrPattern = '^\\d{1,3}(\\.\\d{1,3}){3}/\\d{1,2}$';
const Cidr = Type.String({ pattern: cidrPattern, messages: { pattern: "Invalid CIDR: '<n>'" } });

export const Subnet = Type.Object({
  name: Type.String({ minLength: 1, description: 'Name of the subnet' }),
  cidr: Cidr,
  zone: Type.Optional(Type.String({ description: 'Zone of the provider' })),
  public: Type.Boolean({ default: false, description: 'Reachable from everywhere' }),
});

export const LoadBalancer = Type.Object({
  name: Type.String({ minLength: 1, description: 'Name of the load balancer' }),
  type: Type.Enum(['application', 'network'], {
    default: 'application',
    description: 'HTTP, or connections as they are',
  }),
  scheme: Type.Enum(['internet-facing', 'internal'], {
    default: 'internet-facing',
    description: 'Reachable from everywhere, or from inside',
  }),
  subnets: Type.Array(Type.String(), { default: [], description: 'Subnets by name' }),
  targets: Type.Array(Type.String(), { default: [], description: 'Hostnames' }),
  listeners: Type.Array(
    Type.Object({
      port: Type.Integer({ minimum: 1, maximum: 65535, description: 'Port to listen on' }),
      target_port: Type.Optional(
        Type.Integer({ minimum: 1, maximum: 65535, description: 'Port of the targets; default the same' }),
      ),
      protocol: Type.String({ default: 'tcp', description: 'tcp, http or https' }),
      cert: Type.Optional(Type.String({ description: 'Certificate by its name at the provider' })),
    }),
    { default: [], description: 'What it listens to' },
  ),
  health_check: Type.Object({
    path: Type.String({ default: '/health', description: 'Path that is asked for' }),
    interval: Type.Integer({ default: 30, minimum: 1, description: 'Seconds between two looks' }),
    timeout: Type.Integer({ default: 5, minimum: 1, description: 'Seconds for an answer' }),
    healthy: Type.Integer({ default: 2, minimum: 1, description: 'Good answers until a target is used' }),
    unhealthy: Type.Integer({ default: 3, minimum: 1, description: 'Bad ones until it is left out' }),
  }),
});

/** Network of an infrastructure (05 §4.5). The short subnet form is expanded before validation. */
export const Network = Type.Object(
  {
    vpc: Type.Optional(
      Type.Object({
        name: Type.String({ default: '', description: 'Name of the network' }),
        cidr: Type.String({
          default: '10.0.0.0/16',
          pattern: cidrPattern,
          messages: { pattern: "Invalid CIDR: '<n>'" },
          description: 'Its addresses',
        }),
        enable_dns: Type.Boolean({ default: true, description: 'Names of servers inside' }),
        enable_dhcp: Type.Boolean({ default: true, description: 'Addresses by DHCP' }),
      }),
    ),
    subnets: Type.Optional(Type.Array(Subnet)),
    security_groups: Type.Optional(
      Type.Array(
        Type.Object({
          name: Type.String({ minLength: 1, description: 'Name of the group' }),
          rules: Type.Array(FirewallRule, { default: [], description: 'Its rules' }),
        }),
      ),
    ),
    load_balancers: Type.Optional(Type.Array(LoadBalancer)),
    firewall: Type.Optional(Type.Array(FirewallRule)),
  },
  { title: 'Network' },
);
export type Network = Static<typeof Network>;

/** Storage of an infrastructure (05 §4.6). Sizes in GB. */
export const Storage = Type.Object(
  {
    volumes: Type.Optional(
      Type.Array(
        Type.Object({
          name: Type.String({ minLength: 1, description: 'Name of the volume' }),
          size: Type.Number({ minimum: 1, description: 'GB' }),
          type: Type.String({
            default: 'ssd',
            description: 'ssd, nvme, spinning, archive, or a type of the provider',
          }),
          encrypted: Type.Boolean({ default: true, description: 'Encrypted by the provider' }),
          server: Type.Optional(Name),
        }),
      ),
    ),
    buckets: Type.Optional(
      Type.Array(
        Type.Object({
          name: Type.String({ minLength: 1, description: 'Name of the bucket' }),
          region: Type.Optional(Type.String({ description: 'Region of the provider' })),
          versioning: Type.Boolean({ default: false, description: 'Old versions of objects are kept' }),
          encryption: Type.String({ default: 'AES256', description: 'How objects are encrypted' }),
        }),
      ),
    ),
    backup: Type.Optional(
      Type.Object({
        schedule: Type.String({ default: '0 1 * * *', description: 'Cron line' }),
        retention: Type.Object({
          daily: Type.Integer({ default: 7, minimum: 0, description: 'Backups of days that are kept' }),
          weekly: Type.Integer({ default: 4, minimum: 0, description: 'Of weeks' }),
          monthly: Type.Integer({ default: 12, minimum: 0, description: 'Of months' }),
          yearly: Type.Optional(Type.Integer({ minimum: 0, description: 'Of years' })),
        }),
      }),
    ),
  },
  { title: 'Storage' },
);
export type Storage = Static<typeof Storage>;
