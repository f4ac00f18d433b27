import { type Static, Type } from 'typebox';
import { Name } from './name.ts';

/** A rule of a server's firewall (05 §4.4). Rules apply in order; with at least one ingress rule the default is deny. */
export const FirewallRule = Type.Object(
  {
    direction: Type.Union([Type.Literal('ingress'), Type.Literal('egress')], { default: 'ingress' }),
    protocol: Type.Union([Type.Literal('tcp'), Type.Literal('udp'), Type.Literal('icmp')], {
      default: 'tcp',
    }),
    port: Type.Union([
      Type.Integer({ minimum: 1, maximum: 65535 }),
      Type.String({ pattern: '^(\\*|\\d+(-\\d+)?)$' }),
    ]),
    source: Type.String({ default: '0.0.0.0/0' }),
    destination: Type.Optional(Type.String()),
    action: Type.Union([Type.Literal('allow'), Type.Literal('deny')], { default: 'allow' }),
    description: Type.Optional(Type.String()),
  },
  { $id: 'FirewallRule' },
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
    cores: Type.Integer({ minimum: 1, default: 2 }),
    memory: Type.Integer({ minimum: 1, default: 4096 }),
    disk: Type.Integer({ minimum: 10, maximum: 2048, default: 25 }),
    zone: Type.String({ default: 'auto' }),
    os: Type.String({ default: 'ubuntu-22.04' }),
    user: Type.Optional(Type.String()),
    user_ssh_port: Type.Integer({ minimum: 1, maximum: 65535, default: 22 }),
    ssh_keys: Type.Array(Type.String(), { default: [] }),
    firewall_rules: Type.Array(FirewallRule, { default: [] }),
    allowed_ports: Type.Array(Type.Integer({ minimum: 1, maximum: 65535 }), { default: [] }),
    taskservs: Type.Array(ServerTaskserv, { default: [] }),
    labels: Type.Record(Type.String(), Type.String(), { default: {} }),
    tags: Type.Record(Type.String(), Type.String(), { default: {} }),
    enabled: Type.Boolean({ default: true }),
    lock: Type.Boolean({ default: false }),
    time_zone: Type.String({ default: 'UTC' }),
    running_wait: Type.Integer({ minimum: 0, default: 20 }),
    running_timeout: Type.Integer({ minimum: 1, default: 600 }),
  },
  { $id: 'Server', additionalProperties: true },
);
export type Server = Static<typeof Server> & Readonly<Record<string, unknown>>;
