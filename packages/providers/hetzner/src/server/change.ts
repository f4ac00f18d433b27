import {
  type CallOptions as Cancel,
  type ObservedServer,
  ProviderError,
  type ServerRef,
  type ServerSpec,
} from '@provisioning/extensions-sdk';
import { changedRules, serverTags, wrongState } from '@provisioning/extensions-sdk/cloud';
import { waitUntil } from '@provisioning/extensions-sdk/http';
import { type CallOptions, name } from '../api.ts';
import type { ApiServer } from '../api-types.ts';
import { labels } from '../labels.ts';
import { setFirewall } from '../resources/firewall.ts';
import type { Session } from '../session.ts';
import { observe } from './observe.ts';

/** Seconds a server has for its orderly stop (06 §6.3 has the same for its peer). */
const softStop = 60;

export interface StateOptions extends Cancel {
  readonly wait: boolean;
  readonly force: boolean;
}

export async function setServerState(
  session: Session,
  ref: ServerRef,
  state: 'running' | 'stopped' | 'rebooted',
  options: StateOptions,
): Promise<ObservedServer> {
  const call: CallOptions = { operation: 'setServerState', signal: options.signal, repeatable: true };
  const server = await session.get(ref, call);
  if (state === 'stopped') return stop(session, server, options, call);
  if (state === 'running') {
    if (server.status === 'running') return observe(server);
    await session.api.act(`/servers/${server.id}/actions/poweron`, undefined, call);
  } else {
    if (server.status !== 'running') throw wrongState(name, 'setServerState', observe(server));
    await session.api.act(
      `/servers/${server.id}/actions/${options.force ? 'reset' : 'reboot'}`,
      undefined,
      call,
    );
  }
  return options.wait
    ? reach(session, server, 'running', call, 300)
    : observe(await session.get(idOf(server), call));
}

/** An orderly stop; the plug is pulled only when asked to, after a minute. */
async function stop(
  session: Session,
  server: ApiServer,
  options: StateOptions,
  call: CallOptions,
): Promise<ObservedServer> {
  if (server.status === 'off') return observe(server);
  await session.api.act(`/servers/${server.id}/actions/shutdown`, undefined, call);
  if (!options.wait && !options.force) return observe(await session.get(idOf(server), call));
  try {
    return await reach(session, server, 'off', call, softStop);
  } catch (error) {
    if (!options.force || !(error instanceof ProviderError) || error.providerCode !== 'timeout') throw error;
    await session.api.act(`/servers/${server.id}/actions/poweroff`, undefined, call);
    return reach(session, server, 'off', call, softStop);
  }
}

async function reach(
  session: Session,
  server: ApiServer,
  status: string,
  call: CallOptions,
  limit: number,
): Promise<ObservedServer> {
  return waitUntil({
    ask: async () => {
      const current = await session.get(idOf(server), call);
      return current.status === status ? observe(current) : undefined;
    },
    what: `server ${observe(server).hostname}`,
    state: status,
    interval: 2,
    limit,
    clock: session.api.http.clock,
    provider: name,
    operation: call.operation,
    signal: call.signal,
  });
}

/**
 * Another plan: stop, change, start. The disk keeps its size, so that the way back stays open. When the change is refused
 * the server runs again with its old plan before the error is told (05 §7.4).
 */
export async function resizeServer(
  session: Session,
  ref: ServerRef,
  plan: string,
  options: Cancel = {},
): Promise<ObservedServer> {
  const call: CallOptions = { operation: 'resizeServer', signal: options.signal };
  const server = await session.get(ref, call);
  if (server.server_type.name === plan) return observe(server);
  const wasRunning = server.status === 'running';
  if (wasRunning)
    await stop(
      session,
      server,
      { wait: true, force: true, signal: options.signal },
      { ...call, repeatable: true },
    );
  try {
    await session.api.act(
      `/servers/${server.id}/actions/change_type`,
      { server_type: plan, upgrade_disk: false },
      call,
    );
  } catch (error) {
    const current = await session.get(idOf(server), call);
    // The answer may be lost although the change was made.
    if (current.server_type.name !== plan) {
      if (wasRunning) await start(session, server, call);
      throw error;
    }
  }
  return wasRunning ? start(session, server, call) : observe(await session.get(idOf(server), call));
}

async function start(session: Session, server: ApiServer, call: CallOptions): Promise<ObservedServer> {
  await session.api.act(`/servers/${server.id}/actions/poweron`, undefined, { ...call, repeatable: true });
  return reach(session, server, 'running', call, 300);
}

/** Plan, tags and firewall of a server that exists; everything else needs a new one. */
export async function updateServer(
  session: Session,
  ref: ServerRef,
  patch: Partial<ServerSpec>,
  options: Cancel = {},
): Promise<ObservedServer> {
  const call: CallOptions = { operation: 'updateServer', signal: options.signal };
  const server = await session.get(ref, call);
  if (patch.plan !== undefined && patch.plan !== '') await resizeServer(session, ref, patch.plan, options);
  if (patch.tags !== undefined) {
    const own = serverTags(session.context, ref.hostname);
    await session.api.put(
      `/servers/${server.id}`,
      { labels: { ...server.labels, ...labels({ ...patch.tags, ...own }) } },
      call,
    );
  }
  const wished = changedRules(patch);
  if (wished !== undefined) await setFirewall(session, server, wished, call);
  return session.observed(ref, call);
}

function idOf(server: ApiServer): ServerRef {
  return { hostname: observe(server).hostname, id: String(server.id) };
}
