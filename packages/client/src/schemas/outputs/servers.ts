import type { TSchema } from 'typebox';
import { ServerListing } from './named.ts';
import { operation } from './operation.ts';
import { either, fields, flag, list, maybe, number, oneOf, orNull, record, text, unknown } from './parts.ts';
import { changesCheck, firewallRule, observedServer } from './shapes.ts';

/* What commands about servers, what belongs to them, and where they run print with `--out json`. */

const percents = fields({ mean: number, highest: number });
const monitored = list(fields({ server: text, samples: number, cpu: percents, memory: percents }));

/** Schema of the JSON each of these commands prints, by command. */
export const serversOutputs: Readonly<Record<string, TSchema>> = {
  'create-server-task': operation,
  'metrics get': list(
    fields({ server: text, cpu: orNull(number), memory: orNull(number), reason: maybe(text) }),
  ),
  'metrics monitor': monitored,
  'performance analyze': list(
    fields({
      server: text,
      samples: number,
      cpu: orNull(number),
      memory: orNull(number),
      verdict: oneOf('busy', 'fitting', 'idle', 'unknown'),
    }),
  ),
  'performance monitor': monitored,
  'network create': operation,
  'network delete': operation,
  'network route': operation,
  'network security-groups': list(
    fields({
      server: text,
      position: number,
      description: maybe(text),
      destination: maybe(text),
      port: either(text, number),
      source: text,
      action: oneOf('allow', 'deny'),
      direction: oneOf('egress', 'ingress'),
      protocol: oneOf('icmp', 'tcp', 'udp'),
    }),
  ),
  'network show': fields({
    security_groups: maybe(list(fields({ name: text, rules: list(firewallRule) }))),
    vpc: maybe(fields({ name: text, cidr: text, enable_dns: flag, enable_dhcp: flag })),
    subnets: maybe(list(fields({ zone: maybe(text), name: text, cidr: text, public: flag }))),
    load_balancers: maybe(
      list(
        fields({
          name: text,
          type: oneOf('application', 'network'),
          subnets: list(text),
          scheme: oneOf('internal', 'internet-facing'),
          targets: list(text),
          listeners: list(
            fields({ target_port: maybe(number), cert: maybe(text), port: number, protocol: text }),
          ),
          health_check: fields({
            path: text,
            interval: number,
            timeout: number,
            healthy: number,
            unhealthy: number,
          }),
        }),
      ),
    ),
    firewall: maybe(list(firewallRule)),
  }),
  'network switch': either(
    fields({
      current: number,
      from: text,
      to: text,
      endpoint: orNull(oneOf('dns', 'ingress', 'load-balancer')),
      balancers: list(text),
      steps: list(number),
      check_mode: flag,
    }),
    fields({
      status: text,
      from: text,
      to: text,
      endpoint: orNull(oneOf('dns', 'ingress', 'load-balancer')),
      balancers: list(text),
      steps: list(number),
    }),
  ),
  'network test': fields({
    healthy: flag,
    checks: list(fields({ server: text, check: text, ok: flag, reason: text })),
  }),
  'network trace': fields({
    from: text,
    to: text,
    port: number,
    hops: list(text),
    allowed: flag,
    blocked_by: maybe(text),
  }),
  'network update': operation,
  'test all': fields({
    passed: flag,
    tests: list(fields({ name: text, status: oneOf('failed', 'passed', 'skipped'), message: text })),
  }),
  'show servers': either(
    list(ServerListing),
    fields({ definition: orNull(record), state: orNull(ServerListing) }),
    fields({
      server: text,
      taskserv: text,
      profile: text,
      version: orNull(text),
      enabled: flag,
      config: record,
    }),
  ),
  'server copy': fields({ source: text, target: text, status: text }),
  'server create': operation,
  'server delete': operation,
  'server info': either(
    fields({ hostname: text, provider: text, status: text, taskservs: list(text) }),
    fields({
      ip_address: orNull(text),
      taskservs: list(text),
      ...observedServer,
    }),
  ),
  'server logs': list(text),
  'server price': fields({
    servers: list(
      fields({
        offers: maybe(
          list(fields({ provider: text, plan: text, currency: text, monthly: number, difference: number })),
        ),
        hostname: text,
        infra: text,
        provider: text,
        plan: text,
        zone: text,
        currency: text,
        hourly: orNull(number),
        monthly: orNull(number),
        parts: fields({ plan: number, public_ip: number, backups: number, volumes: number }),
      }),
    ),
    totals: list(fields({ hourly: number, monthly: number, currency: text })),
    incomplete: flag,
  }),
  'server reserve': list(
    fields({
      provider: text,
      plan: text,
      zone: text,
      servers: list(text),
      monthly: orNull(number),
      currency: text,
      months: list(number),
      url: text,
    }),
  ),
  'server resize': operation,
  'server restart': either(changesCheck, operation),
  'server scale': operation,
  'server start': either(changesCheck, operation),
  'server stop': either(changesCheck, operation),
  'server update': either(
    fields({ check_mode: flag, servers: list(text) }),
    fields({ servers: list(fields({ hostname: text, packages: number, rebooted: flag })) }),
    operation,
  ),
  'storage backup': either(
    fields({ check_mode: flag, backup: text, servers: list(text) }),
    fields({ backup: text, snapshots: list(fields({ id: text, name: text, server: text, provider: text })) }),
  ),
  'storage create': operation,
  'storage delete': operation,
  'storage list': list(
    fields({
      kind: oneOf('volume', 'bucket'),
      name: text,
      provider: text,
      size: orNull(number),
      server: orNull(text),
      state: oneOf('attached', 'detached', 'created', 'planned'),
    }),
  ),
  'storage restore': either(
    fields({ check_mode: flag, backup: maybe(text), servers: list(text) }),
    fields({ backup: maybe(text), servers: list(text), status: text }),
  ),
  'server validate': fields({
    valid: flag,
    servers: list(text),
    errors: list(unknown),
    warnings: list(text),
  }),
};
