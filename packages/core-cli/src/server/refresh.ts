import { infraPath, StateFile } from '@provisioning/core';
import type { ObservedServer } from '@provisioning/extensions-sdk';
import type { InfrastructureSession } from '../session/infrastructure.ts';

export interface Refreshed {
  readonly servers: readonly ObservedServer[];
  /** Providers that could not be asked, with the reason; what is known of their servers stays. */
  readonly unreachable: readonly { readonly provider: string; readonly reason: string }[];
}

/** Asks every provider of the infrastructure for its servers and brings the state cache in line with the answers. */
export async function refreshServers(session: InfrastructureSession): Promise<Refreshed> {
  const { context, infrastructure } = session;
  const state = new StateFile(infraPath(context));
  const known = await state.read();
  const providers = new Set([
    ...infrastructure.servers.map(({ provider }) => provider),
    ...Object.values(known.servers).map(({ provider }) => provider),
  ]);
  const unreachable: { provider: string; reason: string }[] = [];
  const lists = await Promise.all(
    [...providers].map(async (name) => {
      try {
        return await (await context.provider(name)).listServers({ signal: context.signal });
      } catch (error) {
        context.signal.throwIfAborted();
        unreachable.push({ provider: name, reason: error instanceof Error ? error.message : String(error) });
        return [];
      }
    }),
  );
  const servers = lists.flat();
  for (const server of servers) await state.recordServer(server, context.now());
  const there = new Set(servers.map(({ hostname }) => hostname));
  const silent = new Set(unreachable.map(({ provider }) => provider));
  for (const [hostname, { provider }] of Object.entries(known.servers))
    if (!there.has(hostname) && !silent.has(provider)) await state.forgetServer(hostname);
  return { servers, unreachable };
}
