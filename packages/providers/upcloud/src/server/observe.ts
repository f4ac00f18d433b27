import type { IpAddresses, ObservedServer, ServerState } from '@provisioning/extensions-sdk';
import { tagNames } from '@provisioning/extensions-sdk/cloud';
import { name as provider } from '../api.ts';
import type { ApiAddress, ApiServer } from '../api-types.ts';
import { tagsOf } from '../labels.ts';

const states: Readonly<Record<string, ServerState>> = {
  started: 'running',
  stopped: 'stopped',
  maintenance: 'updating',
  error: 'error',
};

/** A server of the API as we report it (06 §3). Lists have no addresses: they come from the list of addresses. */
export function observe(server: ApiServer, addresses?: readonly ApiAddress[]): ObservedServer {
  const tags = tagsOf(server.labels?.label);
  const devices = server.storage_devices?.storage_device ?? [];
  const boot =
    devices.find(({ boot_disk: flag }) => flag === '1') ?? devices.find(({ type }) => type === 'disk');
  return {
    id: server.uuid,
    name: server.title,
    hostname: tags[tagNames.hostname] ?? server.hostname,
    provider,
    status: states[server.state] ?? 'unknown',
    plan: server.plan,
    cores: Number(server.core_number),
    memory: Number(server.memory_amount),
    disk: boot?.storage_size ?? 0,
    zone: server.zone,
    os: tags[tagNames.os] ?? 'unknown',
    ip_addresses: ipAddresses(server, addresses),
    created_at: new Date((server.created ?? 0) * 1000).toISOString(),
    tags,
    raw: withoutPasswords(server),
  };
}

function ipAddresses(server: ApiServer, addresses?: readonly ApiAddress[]): IpAddresses {
  const all = [
    ...(server.networking?.interfaces.interface ?? []).flatMap(
      ({ type, ip_addresses: { ip_address: list } }) => list.map((entry) => ({ ...entry, access: type })),
    ),
    ...(server.ip_addresses?.ip_address ?? []),
    ...(addresses ?? []),
  ];
  const first = (access: string, family: string) =>
    all.find((entry) => entry.access === access && entry.family === family)?.address;
  const [outside, utility, inside, six] = [
    first('public', 'IPv4'),
    first('utility', 'IPv4'),
    first('private', 'IPv4'),
    first('public', 'IPv6'),
  ];
  return {
    ...(outside === undefined ? {} : { public: outside }),
    ...(utility === undefined ? {} : { utility }),
    ...((inside ?? utility) === undefined ? {} : { private: inside ?? utility }),
    ...(six === undefined ? {} : { ipv6: six }),
  };
}

/** The answer to a creation carries passwords: they stay out of records. */
function withoutPasswords(server: ApiServer): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(server).filter(([key]) => !key.includes('password')));
}
