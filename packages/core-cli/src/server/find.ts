import { infraPath, selectServers, StateFile } from '@provisioning/core';
import { ProvisioningError, type Server } from '@provisioning/extensions-sdk';
import { suggest } from '../suggest.ts';
import type { InfrastructureSession } from '../session/infrastructure.ts';

/** A server by hostname, from the definition or from what exists. */
export interface FoundServer {
  readonly hostname: string;
  readonly provider: string;
  readonly lock?: boolean;
}

/**
 * The server of that name, defined or existing.
 * @throws ProvisioningError `SERVER_NOT_FOUND` (exit 5) with the names there are.
 */
export async function findServer(session: InfrastructureSession, hostname: string): Promise<FoundServer> {
  const defined = session.infrastructure.servers.find((server) => server.hostname === hostname);
  if (defined) return { hostname, provider: defined.provider, lock: defined.lock };
  const state = await new StateFile(infraPath(session.context)).read();
  const record = state.servers[hostname];
  if (record) return { hostname, provider: record.provider };
  const names = [
    ...new Set([
      ...session.infrastructure.servers.map((server) => server.hostname),
      ...Object.keys(state.servers),
    ]),
  ];
  const near = suggest(hostname, names);
  throw new ProvisioningError({
    code: 'SERVER_NOT_FOUND',
    kind: 'not-found',
    message: [
      `Server not found: ${hostname}`,
      '',
      'Available servers:',
      ...names.map((name) => `  - ${name}`),
    ].join('\n'),
    hint: near === undefined ? undefined : `Did you mean: ${near}?`,
  });
}

/** The definition of that server. @throws ProvisioningError `SERVER_NOT_FOUND` (exit 5). */
export function definedServer({ infrastructure }: InfrastructureSession, hostname: string): Server {
  return selectServers(infrastructure, [hostname])[0]!;
}
