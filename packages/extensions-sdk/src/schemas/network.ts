import { type Static, Type } from 'typebox';
import { Name } from './name.ts';
import { FirewallRule } from './server.ts';

const cidrPattern = '^\\d{1,3}(\\.\\d{1,3}){3}/\\d{1,2}$';
const Cidr = Type.String({ pattern: cidrPattern, messages: { pattern: "Invalid CIDR: '<n>'" } });

export const Subnet = Type.Object({
  name: Type.String({ minLength: 1 }),
  cidr: Cidr,
  zone: Type.Optional(Type.String()),
  public: Type.Boolean({ default: false }),
});

export const LoadBalancer = Type.Object({
  name: Type.String({ minLength: 1 }),
  type: Type.Enum(['application', 'network'], { default: 'application' }),
  scheme: Type.Enum(['internet-facing', 'internal'], { default: 'internet-facing' }),
  subnets: Type.Array(Type.String(), { default: [] }),
  targets: Type.Array(Type.String(), { default: [], description: 'Hostnames' }),
  listeners: Type.Array(
    Type.Object({
      port: Type.Integer({ minimum: 1, maximum: 65535 }),
      target_port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535 })),
      protocol: Type.String({ default: 'tcp' }),
      cert: Type.Optional(Type.String()),
    }),
    { default: [] },
  ),
  health_check: Type.Object({
    path: Type.String({ default: '/health' }),
    interval: Type.Integer({ default: 30, minimum: 1 }),
    timeout: Type.Integer({ default: 5, minimum: 1 }),
    healthy: Type.Integer({ default: 2, minimum: 1 }),
    unhealthy: Type.Integer({ default: 3, minimum: 1 }),
  }),
});

/** Network of an infrastructure (05 §4.5). The short subnet form is expanded before validation. */
export const Network = Type.Object(
  {
    vpc: Type.Optional(
      Type.Object({
        name: Type.String({ default: '' }),
        cidr: Type.String({
          default: '10.0.0.0/16',
          pattern: cidrPattern,
          messages: { pattern: "Invalid CIDR: '<n>'" },
        }),
        enable_dns: Type.Boolean({ default: true }),
        enable_dhcp: Type.Boolean({ default: true }),
      }),
    ),
    subnets: Type.Optional(Type.Array(Subnet)),
    security_groups: Type.Optional(
      Type.Array(
        Type.Object({
          name: Type.String({ minLength: 1 }),
          rules: Type.Array(FirewallRule, { default: [] }),
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
          name: Type.String({ minLength: 1 }),
          size: Type.Number({ minimum: 1 }),
          type: Type.String({ default: 'ssd' }),
          encrypted: Type.Boolean({ default: true }),
          server: Type.Optional(Name),
        }),
      ),
    ),
    buckets: Type.Optional(
      Type.Array(
        Type.Object({
          name: Type.String({ minLength: 1 }),
          region: Type.Optional(Type.String()),
          versioning: Type.Boolean({ default: false }),
          encryption: Type.String({ default: 'AES256' }),
        }),
      ),
    ),
    backup: Type.Optional(
      Type.Object({
        schedule: Type.String({ default: '0 1 * * *', description: 'Cron line' }),
        retention: Type.Object({
          daily: Type.Integer({ default: 7, minimum: 0 }),
          weekly: Type.Integer({ default: 4, minimum: 0 }),
          monthly: Type.Integer({ default: 12, minimum: 0 }),
          yearly: Type.Optional(Type.Integer({ minimum: 0 })),
        }),
      }),
    ),
  },
  { title: 'Storage' },
);
export type Storage = Static<typeof Storage>;
