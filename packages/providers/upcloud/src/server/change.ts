import {
  type CallOptions as Cancel,
  type ObservedServer,
  ProviderError,
  type ServerRef,
  type ServerSpec,
} from '@provisioning/extensions-sdk';
import { changedRules, serverTags, wrongState } from '@provisioning/extensions-sdk/cloud';
import { type CallOptions, name } from '../api.ts';
import type { ApiServer } from '../api-types.ts';
import { labels, tagsOf } from '../labels.ts';
import { setFirewall } from '../resources/firewall.ts';
import type { Session } from '../session.ts';
import { observe } from './observe.ts';
import { reach, refOf } from './wait.ts';

/** Seconds a server has for its orderly stop (06 §6.3). */
const softStop = 60;
const startLimit = 300;

export async function setServerState(
  session: Session,
  ref: ServerRef,
  state: 'running' | 'stopped' | 'rebooted',
  options: { readonly wait: boolean; readonly force: boolean } & Cancel,
): Promise<ObservedServer> {
  const call: CallOptions = { operation: 'setServerState', signal: options.signal };
  const server = await settled(session, await session.get(ref, call), call);
  if (state === 'stopped') return observe(await stop(session, server, options, call));
  if (state === 'running') {
    if (server.state === 'started') return observe(server);
    return observe(await start(session, server, options.wait, call));
  }
  if (server.state !== 'started') throw wrongState(name, 'setServerState', observe(server));
  await session.api.restartServer(server.uuid, options.force ? 'hard' : 'soft', call);
  return observe(
    options.wait
      ? await reach(session, server, ['started'], call, startLimit)
      : await session.api.server(server.uuid, call),
  );
}

/** While the service works on a server it takes no orders. */
async function settled(session: Session, server: ApiServer, call: CallOptions): Promise<ApiServer> {
  return server.state === 'maintenance'
    ? reach(session, server, ['started', 'stopped'], call, startLimit)
    : server;
}

async function start(
  session: Session,
  server: ApiServer,
  wait: boolean,
  call: CallOptions,
): Promise<ApiServer> {
  await session.api.whenReady(() => session.api.startServer(server.uuid, call), call.signal);
  return wait ? reach(session, server, ['started'], call, startLimit) : session.api.server(server.uuid, call);
}

/** An orderly stop; with force the plug is pulled when a minute was not enough. */
export async function stop(
  session: Session,
  server: ApiServer,
  options: { readonly wait: boolean; readonly force: boolean },
  call: CallOptions,
): Promise<ApiServer> {
  if (server.state === 'stopped') return server;
  await session.api.stopServer(server.uuid, 'soft', softStop, call);
  if (!options.wait && !options.force) return session.api.server(server.uuid, call);
  try {
    return await reach(session, server, ['stopped'], call, softStop);
  } catch (error) {
    if (!options.force || !(error instanceof ProviderError) || error.providerCode !== 'timeout') throw error;
    await session.api.whenReady(
      () => session.api.stopServer(server.uuid, 'hard', softStop, call),
      call.signal,
    );
    return reach(session, server, ['stopped'], call, 2 * softStop);
  }
}

/**
 * Another plan, for which the server must be stopped. When the change is refused the server runs again with its old plan
 * before the error is told (05 §7.4).
 */
export async function resizeServer(
  session: Session,
  ref: ServerRef,
  plan: string,
  options: Cancel = {},
): Promise<ObservedServer> {
  const call: CallOptions = { operation: 'resizeServer', signal: options.signal };
  const server = await settled(session, await session.get(ref, call), call);
  if (server.plan === plan) return observe(server);
  const wasRunning = server.state === 'started';
  if (wasRunning) await stop(session, server, { wait: true, force: true }, call);
  try {
    await session.api.whenReady(() => session.api.modifyServer(server.uuid, { plan }, call), call.signal);
  } catch (error) {
    if (wasRunning) await start(session, server, true, call);
    throw error;
  }
  return observe(
    wasRunning ? await start(session, server, true, call) : await session.api.server(server.uuid, call),
  );
}

/** Plan, labels and firewall of a server that exists; everything else needs a new one. */
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
    const tags = {
      ...tagsOf(server.labels?.label),
      ...patch.tags,
      ...serverTags(session.context, ref.hostname),
    };
    await session.api.modifyServer(server.uuid, { labels: { label: labels(tags) } }, call);
  }
  const wished = changedRules(patch);
  if (wished !== undefined) await setFirewall(session, server.uuid, wished, call);
  return observe(await session.get(refOf(server), call));
}
