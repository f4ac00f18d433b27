import { infraPath, StateFile } from '@provisioning/core';
import type { ObservedServer } from '@provisioning/extensions-sdk';
import type { InfrastructureSession } from '../session/infrastructure.ts';

/** Asks every provider of the infrastructure for its servers and brings the state cache in line with the answers. */
export async function refreshServers(session: InfrastructureSession): Promise<readonly ObservedServer[]> {
  const { context, infrastructure } = session;
  const state = new StateFile(infraPath(context));
  const known = await state.read();
  const providers = new Set([
    ...infrastructure.servers.map(({ provider }) => provider),
    ...Object.values(known.servers).map(({ provider }) => provider),
  ]);
  const lists = await Promise.all(
    [...providers].map(async (name) =>
      (await context.provider(name)).listServers({ signal: context.signal }),
    ),
  );
  const servers = lists.flat();
  for (const server of servers) await state.recordServer(server, context.now());
  const there = new Set(servers.map(({ hostname }) => hostname));
  for (const hostname of Object.keys(known.servers))
    if (!there.has(hostname)) await state.forgetServer(hostname);
  return servers;
}
