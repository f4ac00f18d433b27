import type { CreateOptions, ObservedServer, ServerSpec } from '@provisioning/extensions-sdk';
import {
  checkSpec,
  cloudInit,
  cutsSsh,
  firewallRules,
  requestTag,
  resourceName,
  serverTags,
  tagNames,
} from '@provisioning/extensions-sdk/cloud';
import { createOnce } from '@provisioning/extensions-sdk/http';
import { type CallOptions, name } from '../api.ts';
import type { ApiServer } from '../api-types.ts';
import type { ServerUpcloud } from '../config.ts';
import { labels } from '../labels.ts';
import { setFirewall } from '../resources/firewall.ts';
import { networkIds } from '../resources/network.ts';
import type { Session } from '../session.ts';
import { destroy } from './delete.ts';
import { observe } from './observe.ts';
import { reach } from './wait.ts';

/** Creates a server, or returns the one that is there under the same labels. */
export async function createServer(
  session: Session,
  spec: ServerSpec,
  options: CreateOptions,
): Promise<ObservedServer> {
  const call: CallOptions = { operation: 'createServer', signal: options.signal };
  const existing = await session.find({ hostname: spec.hostname }, call);
  const rules = firewallRules(spec);
  const server = existing ?? (await make(session, spec, call));
  if (existing === undefined) await session.recent.add(spec.hostname, server.uuid);
  await options.onCreated?.(server.uuid);
  if (existing === undefined)
    options.onProgress?.(`${spec.hostname} is ${server.uuid} at UpCloud, ${server.state}`);
  if (existing === undefined && rules.length > 0) {
    if (cutsSsh(rules, spec.user_ssh_port)) {
      session.context.log('warn', `The firewall rules of ${spec.hostname} leave no way in over SSH`);
    }
    await setFirewall(session, server.uuid, rules, call);
  }
  if (!options.wait || server.state === 'stopped') {
    const observed = observe(server);
    return observed.status === 'updating' ? { ...observed, status: 'creating' } : observed;
  }
  return observe(await reach(session, server, ['started'], call, session.config.running_timeout ?? 600));
}

async function make(session: Session, spec: ServerSpec, call: CallOptions): Promise<ApiServer> {
  const [plans, zones] = await Promise.all([session.catalogue.apiPlans(), session.catalogue.zones()]);
  checkSpec(name, spec, { plans: plans.map((plan) => plan.name), zones: zones.map((zone) => zone.name) });
  const body = await requestBody(session, spec, call);
  const copies = {
    ...serverTags(session.context, spec.hostname),
    [tagNames.request]: requestTag(spec.idempotency_key),
  };
  const { server } = await createOnce({
    find: async () => (await session.withLabels(copies, call)).map(identified),
    create: async () => identified(await session.api.createServer(body, call)),
    // Titles need not be unique here: only our own copies of this very request are removed.
    remove: ({ server: copy }) => destroy(session, copy, { keepStorage: false, force: true }, call),
    attempts: 3,
    settle: 30,
    clock: session.api.http.clock,
    signal: call.signal,
  });
  return server;
}

async function requestBody(
  session: Session,
  spec: ServerSpec,
  call: CallOptions,
): Promise<Record<string, unknown>> {
  const extra = spec.extra as ServerUpcloud;
  const net = spec.network ?? {};
  const tier = extra.storage_tier ?? session.config.storage_tier ?? 'maxiops';
  const template = await session.catalogue.template(spec.os);
  const tags = { ...spec.tags, ...serverTags(session.context, spec.hostname) };
  const networks = await networkIds(session, [net.private_network], spec.zone, call);
  const volumes = spec.volumes ?? [];
  const ipv4 = { ip_addresses: { ip_address: [{ family: 'IPv4' }] } };
  const [backup] = extra.storage_backups ?? [];
  const user = spec.user ?? 'root';
  return {
    hostname: spec.hostname,
    title: resourceName([session.context.infra, spec.hostname], 255),
    zone: spec.zone,
    plan: spec.plan,
    timezone: spec.time_zone,
    metadata: 'yes',
    firewall: firewallRules(spec).length === 0 ? 'off' : 'on',
    password_delivery: 'none',
    labels: {
      label: labels({
        ...tags,
        [tagNames.request]: requestTag(spec.idempotency_key),
        [tagNames.os]: spec.os,
        [tagNames.user]: user,
        [tagNames.port]: String(spec.user_ssh_port ?? 22),
      }),
    },
    login_user: {
      username: user,
      create_password: 'no',
      ssh_keys: { ssh_key: spec.ssh_public_keys },
    },
    user_data: cloudInit(
      spec,
      volumes.flatMap(({ mount_point: mountPoint }, index) =>
        mountPoint === undefined ? [] : [{ device: `/dev/vd${String.fromCharCode(98 + index)}`, mountPoint }],
      ),
    ),
    networking: {
      interfaces: {
        interface: [
          ...(net.utility_ip === false ? [] : [{ type: 'utility', ...ipv4 }]),
          ...(net.public_ip === false ? [] : [{ type: 'public', ...ipv4 }]),
          ...(net.enable_ipv6 === true
            ? [{ type: 'public', ip_addresses: { ip_address: [{ family: 'IPv6' }] } }]
            : []),
          ...networks.map((network) => ({ type: 'private', network, ...ipv4 })),
        ],
      },
    },
    storage_devices: {
      storage_device: [
        {
          action: 'clone',
          storage: template.uuid,
          title: resourceName([session.context.infra, spec.hostname, 'system'], 255),
          size: spec.disk > 0 ? spec.disk : (session.config.storage_size ?? 25),
          tier,
          ...(backup === undefined
            ? {}
            : {
                backup_rule: {
                  interval: backup.frequency,
                  time: '0430',
                  retention: String(backup.retention_days),
                },
              }),
        },
        ...volumes.map((volume) => ({
          action: 'create',
          title: resourceName([session.context.infra, spec.hostname, volume.name], 255),
          size: Math.max(10, volume.size),
          tier: volume.type ?? tier,
        })),
      ],
    },
  };
}

function identified(server: ApiServer) {
  return { id: server.uuid, created_at: new Date((server.created ?? 0) * 1000).toISOString(), server };
}
