import type { Data } from '../config/document.ts';
import { isRecord } from '../config/merge.ts';

/** Other names of server fields, the first that is set wins (05 §4.1). */
const aliases: Readonly<Record<string, readonly string[]>> = {
  hostname: ['name', 'server_name'],
  plan: ['instance_type', 'machine_type', 'server_type', 'instance_size'],
  cores: ['cpu_cores'],
  memory: ['memory_mb'],
  disk: ['disk_gb', 'disk_size', 'root_disk_size'],
  zone: ['region'],
  os: ['image', 'template'],
  user: ['installer_user'],
  firewall_rules: ['firewall'],
  preemptible: ['spot'],
};

const networkAliases: Readonly<Record<string, string>> = {
  network_public_ipv4: 'public_ip',
  external_ip: 'public_ip',
  network_utility_ipv4: 'utility_ip',
};

/** The canonical key of each alias; errors point at the key that was written. */
export function writtenKey(entry: Data, canonical: string): string {
  if (Object.hasOwn(entry, canonical)) return canonical;
  const candidates = [...(aliases[canonical] ?? []), ...(canonical === 'memory' ? ['memory_gb'] : [])];
  return candidates.find((name) => Object.hasOwn(entry, name)) ?? canonical;
}

/**
 * A server entry, or defaults for servers, with the canonical field names and shapes. Fields it does not know are
 * kept; values of the wrong type are left for the validation to name.
 */
export function canonicalServer(entry: Data): Data {
  const server: Data = { ...entry };
  for (const [field, names] of Object.entries(aliases)) {
    for (const name of names) {
      if (!Object.hasOwn(server, name)) continue;
      server[field] ??= server[name];
      Reflect.deleteProperty(server, name);
    }
  }
  if (Object.hasOwn(server, 'memory_gb')) {
    const gigabytes = server['memory_gb'];
    server['memory'] ??= typeof gigabytes === 'number' ? Math.round(gigabytes * 1024) : gigabytes;
    delete server['memory_gb'];
  }
  if (server['os'] === undefined && typeof server['storage_os_find'] === 'string')
    server['os'] = server['storage_os_find'];
  if (typeof server['disk'] === 'string') server['disk'] = gigabytesOf(server['disk']);
  network(server);
  storage(server);
  if (server['labels'] !== undefined) server['labels'] = labelsOf(server['labels']);
  if (server['tags'] !== undefined) server['tags'] = tagsOf(server['tags']);
  if (Array.isArray(server['taskservs'])) server['taskservs'] = server['taskservs'].map(taskservOf);
  return server;
}

function network(server: Data): void {
  for (const [name, field] of Object.entries(networkAliases)) {
    if (!Object.hasOwn(server, name)) continue;
    const current: Data = isRecord(server['network']) ? { ...server['network'] } : {};
    current[field] ??= server[name];
    server['network'] = current;
    Reflect.deleteProperty(server, name);
  }
}

function storage(server: Data): void {
  const backups = server['storage_backups'];
  if (backups === undefined && !isRecord(server['storage'])) return;
  const current: Data = isRecord(server['storage']) ? { ...server['storage'] } : {};
  if (current['root_size'] === undefined && current['size'] !== undefined)
    current['root_size'] = current['size'];
  delete current['size'];
  if (typeof current['root_size'] === 'string') current['root_size'] = gigabytesOf(current['root_size']);
  if (backups !== undefined) current['backups'] ??= backups;
  delete server['storage_backups'];
  if (Array.isArray(current['additional'])) {
    current['additional'] = current['additional'].map((volume: unknown) =>
      isRecord(volume) && typeof volume['size'] === 'string'
        ? { ...volume, size: gigabytesOf(volume['size']) }
        : volume,
    );
  }
  server['storage'] = current;
}

/** `"50GB"`, `"50"`, `"1TB"` as gigabytes; what is no size stays as written. */
export function gigabytesOf(value: string): unknown {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(G|GB|GiB|T|TB|TiB)?\s*$/i.exec(value);
  if (match === null) return value;
  return Number(match[1]) * (/^t/i.test(match[2] ?? '') ? 1024 : 1);
}

/** `"role: db, tier: 1"` as a map. */
function labelsOf(value: unknown): unknown {
  if (typeof value === 'string') {
    const pairs = value
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map((part) => [part.split(':')[0]!.trim(), part.split(':').slice(1).join(':').trim()]);
    return Object.fromEntries(pairs) as unknown;
  }
  return textValues(value);
}

/** A list of tags is a map with value `true`, or the value after `=`. */
function tagsOf(value: unknown): unknown {
  if (!Array.isArray(value)) return textValues(value);
  if (!value.every((tag) => typeof tag === 'string')) return value;
  return Object.fromEntries(
    value.map((tag: string) => {
      const at = tag.indexOf('=');
      return at < 0 ? [tag, 'true'] : [tag.slice(0, at), tag.slice(at + 1)];
    }),
  ) as unknown;
}

function textValues(value: unknown): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      typeof item === 'number' || typeof item === 'boolean' ? String(item) : item,
    ]),
  );
}

function taskservOf(entry: unknown): unknown {
  return typeof entry === 'string' ? { name: entry } : entry;
}
