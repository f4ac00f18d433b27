import type { IpAddresses, ObservedServer } from '../provider.ts';
import type { ServerRef } from '../resources.ts';
import { ProviderError } from '../provider-error.ts';
import type { Access } from '../transport.ts';
import { tagNames } from './names.ts';

/** @throws ProviderError `not_found`. */
export function serverNotFound(provider: string, operation: string, { hostname }: ServerRef): ProviderError {
  return new ProviderError({
    provider,
    operation,
    code: 'not_found',
    message: `Server not found: ${hostname}`,
    help: "See 'provisioning server list' for the servers there are",
  });
}

/** Nothing without our tags is ever changed (06 §6). */
export function notOurs(provider: string, operation: string, what: string): ProviderError {
  return new ProviderError({
    provider,
    operation,
    code: 'conflict',
    message: `The ${what} does not belong to this infrastructure`,
    help: 'Only resources with the tags of this workspace and infrastructure are changed.',
  });
}

/** Servers that a listing asks for. */
export function matchingServers(
  servers: readonly ObservedServer[],
  { zone, status }: { readonly zone?: string; readonly status?: ObservedServer['status'] },
): ObservedServer[] {
  return servers.filter(
    (server) =>
      (zone === undefined || server.zone === zone) && (status === undefined || server.status === status),
  );
}

/** How a cloud server is reached: user and port stand in its tags, the host key is remembered by its id. */
export function sshAccess(provider: string, server: ObservedServer, fallbackUser = 'root'): Access {
  const { public: address, ipv6, private: inside } = server.ip_addresses;
  const host = address ?? ipv6 ?? inside;
  if (host === undefined) {
    throw new ProviderError({
      provider,
      operation: 'getAccess',
      code: 'conflict',
      message: `Server '${server.hostname}' has no IP address`,
      help: 'Wait until the server runs, or give it an address.',
    });
  }
  return {
    kind: 'ssh',
    host,
    port: Number(server.tags[tagNames.port] ?? 22),
    user: server.tags[tagNames.user] ?? fallbackUser,
    hostKeyAlias: `${provider}-${server.id}`,
  };
}

export function addressOf(
  { ip_addresses: addresses }: ObservedServer,
  type: keyof IpAddresses,
): string | null {
  return addresses[type] ?? null;
}

/** Wrong state for what is asked (05 §7.1). */
export function wrongState(provider: string, operation: string, server: ObservedServer): ProviderError {
  return new ProviderError({
    provider,
    operation,
    code: 'conflict',
    message: `Server '${server.hostname}' is in state ${server.status}`,
    help: 'Wait until it is running or stopped, then try again.',
  });
}
