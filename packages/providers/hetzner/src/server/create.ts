import {
  type CreateOptions,
  type ObservedServer,
  ProviderError,
  type ServerSpec,
} from '@provisioning/extensions-sdk';
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
import { createOnce, waitUntil } from '@provisioning/extensions-sdk/http';
import { type CallOptions, name } from '../api.ts';
import type { ApiAction, ApiServer, ApiVolume } from '../api-types.ts';
import type { HetznerServer } from '../config.ts';
import { labels, selector } from '../labels.ts';
import { ensureFirewall } from '../resources/firewall.ts';
import { networkIds } from '../resources/network.ts';
import { ensureSshKeys } from '../resources/ssh-keys.ts';
import { ensureServerVolumes } from '../resources/volume.ts';
import type { Session } from '../session.ts';
import { observe } from './observe.ts';

/** Creates a server, or returns the one that is there under the same labels. */
export async function createServer(
  session: Session,
  spec: ServerSpec,
  options: CreateOptions,
): Promise<ObservedServer> {
  const call: CallOptions = { operation: 'createServer', signal: options.signal };
  const [existing] = await session.named(spec.hostname, call);
  if (existing !== undefined) return finish(session, existing, options);
  const [plans, zones] = await Promise.all([session.catalogue.plans(), session.catalogue.zones()]);
  checkSpec(name, spec, { plans: plans.map((plan) => plan.name), zones: zones.map((zone) => zone.name) });
  const tags = { ...spec.tags, ...serverTags(session.context, spec.hostname) };
  const request = await requestBody(session, spec, tags, call);
  const query = {
    label_selector: selector({
      ...serverTags(session.context, spec.hostname),
      [tagNames.request]: requestTag(spec.idempotency_key),
    }),
  };
  let actions: readonly ApiAction[] = [];
  const { server } = await createOnce({
    find: async () => (await session.api.list<ApiServer>('/servers', 'servers', call, query)).map(identified),
    create: async () => {
      const answer = await session.api.post<{
        server: ApiServer;
        action: ApiAction;
        next_actions: ApiAction[];
      }>('/servers', request, call);
      actions = [answer.action, ...answer.next_actions];
      return identified(answer.server);
    },
    remove: async ({ id }) => void (await session.api.delete(`/servers/${id}`, call)),
    attempts: 3,
    clock: session.api.http.clock,
    signal: options.signal,
  }).catch((error: unknown) => {
    throw nameTaken(error, spec, String(request.name));
  });
  await options.onCreated?.(String(server.id));
  options.onProgress?.(`${spec.hostname} is ${server.id} at Hetzner, ${server.status}`);
  if (options.wait) await session.api.finish(actions, call);
  return finish(session, server, options);
}

async function requestBody(
  session: Session,
  spec: ServerSpec,
  tags: Readonly<Record<string, string>>,
  call: CallOptions,
): Promise<Record<string, unknown>> {
  const rules = firewallRules(spec);
  if (cutsSsh(rules, spec.user_ssh_port)) {
    session.context.log('warn', `The firewall rules of ${spec.hostname} leave no way in over SSH`);
  }
  const extra = spec.extra as HetznerServer;
  const net = spec.network ?? {};
  const firewall = rules.length === 0 ? undefined : await ensureFirewall(session, spec.hostname, rules, call);
  const keys = await ensureSshKeys(session, spec.ssh_public_keys, call);
  const volumes = await ensureServerVolumes(session, spec, call);
  const networks = await networkIds(session, [net.private_network, ...(extra.networks ?? [])], call);
  return {
    name: resourceName([session.context.infra, spec.hostname]),
    server_type: spec.plan,
    image: spec.os,
    location: spec.zone,
    start_after_create: true,
    ssh_keys: keys,
    user_data: cloudInit(
      spec,
      volumes.map(mounted).filter((entry) => entry.mountPoint !== ''),
    ),
    labels: labels({
      ...tags,
      [tagNames.request]: requestTag(spec.idempotency_key),
      [tagNames.os]: spec.os,
      [tagNames.user]: spec.user ?? 'root',
      [tagNames.port]: String(spec.user_ssh_port ?? 22),
    }),
    public_net: { enable_ipv4: net.public_ip !== false, enable_ipv6: net.enable_ipv6 !== false },
    ...(firewall === undefined ? {} : { firewalls: [{ firewall }] }),
    ...(volumes.length === 0 ? {} : { volumes: volumes.map(({ volume }) => volume.id), automount: false }),
    ...(networks.length === 0 ? {} : { networks }),
    ...(extra.placement_group === undefined ? {} : { placement_group: extra.placement_group }),
  };
}

function mounted({ volume, mountPoint }: { readonly volume: ApiVolume; readonly mountPoint: string }) {
  return { device: volume.linux_device, mountPoint };
}

function identified(server: ApiServer) {
  return { id: String(server.id), created_at: server.created, server };
}

/** A name in use that our labels don't find belongs to somebody else. */
function nameTaken(error: unknown, spec: ServerSpec, serverName: string): unknown {
  if (!(error instanceof ProviderError) || !/uniqueness_error/.test(error.message)) return error;
  return new ProviderError({
    provider: name,
    operation: 'createServer',
    code: 'conflict',
    message: `Server '${spec.hostname}' already exists`,
    help: `The project has a server ${serverName} that this infrastructure did not make; rename or delete it.`,
    status: error.status,
  });
}

/** The server as it is now, or, when asked to wait, as soon as it runs. */
async function finish(session: Session, server: ApiServer, options: CreateOptions): Promise<ObservedServer> {
  if (!options.wait || server.status === 'off') return observe(server);
  const call: CallOptions = { operation: 'createServer', signal: options.signal };
  const ref = { hostname: String(server.labels[tagNames.hostname] ?? server.name), id: String(server.id) };
  let first: ApiServer | undefined = server;
  return waitUntil({
    ask: async () => {
      const current = first ?? (await session.get(ref, call));
      first = undefined;
      return current.status === 'running' ? observe(current) : undefined;
    },
    what: `server ${ref.hostname}`,
    state: 'running',
    interval: 2,
    limit: session.config.running_timeout ?? 600,
    clock: session.api.http.clock,
    provider: name,
    operation: 'createServer',
    signal: options.signal,
  });
}
