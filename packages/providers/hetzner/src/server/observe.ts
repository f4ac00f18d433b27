import type { ObservedServer, ServerState } from '@provisioning/extensions-sdk';
import { tagNames } from '@provisioning/extensions-sdk/cloud';
import { name as provider } from '../api.ts';
import type { ApiServer } from '../api-types.ts';

const states: Readonly<Record<string, ServerState>> = {
  initializing: 'creating',
  starting: 'starting',
  running: 'running',
  stopping: 'stopping',
  off: 'stopped',
  deleting: 'deleting',
  rebuilding: 'updating',
  migrating: 'updating',
};

/** A server of the API as we report it (06 §3). */
export function observe(server: ApiServer): ObservedServer {
  const { labels, public_net: net, server_type: type } = server;
  const inside = server.private_net.find(({ ip }) => ip !== undefined)?.ip;
  const outside = net.ipv4?.ip;
  return {
    id: String(server.id),
    name: server.name,
    hostname: labels[tagNames.hostname] ?? server.name,
    provider,
    status: states[server.status] ?? 'unknown',
    plan: type.name,
    cores: type.cores,
    memory: Math.round(type.memory * 1024),
    disk: server.primary_disk_size,
    zone: server.location.name,
    os: labels[tagNames.os] ?? server.image?.name ?? 'unknown',
    ip_addresses: {
      ...(outside === undefined ? {} : { public: outside }),
      ...(inside === undefined ? {} : { private: inside }),
      ...(net.ipv6 === null ? {} : { ipv6: hostAddress(net.ipv6.ip) }),
    },
    created_at: new Date(server.created).toISOString(),
    tags: labels,
    raw: server,
  };
}

/** A server gets a whole IPv6 network; its image answers on the first address. */
function hostAddress(network: string): string {
  return network.replace(/::\/\d+$/, '::1');
}
