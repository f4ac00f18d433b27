import { type Issue, Server, ServerTaskserv, applyDefaults } from '@provisioning/extensions-sdk';
import type { Data } from '../config/document.ts';
import { deepFreeze, isRecord, mergeData } from '../config/merge.ts';
import { rememberPlaces } from '../config/places.ts';
import { canonicalServer } from './server-aliases.ts';
import { type Source, issueAt } from './source.ts';

/** A server entry as written, before defaults. */
export interface ServerEntry {
  readonly source: Source;
  readonly value: Data;
  /** Key of the entry when the servers are written as a map. */
  readonly mapKey?: string;
}

/** A resolved server with the entry it came from. */
export interface ResolvedServer {
  readonly value: Data;
  readonly source: Source;
}

/** Lowest to highest: what a server gets beneath its own entry (05 §2.1.5). */
export interface ServerDefaults {
  readonly provider: (name: string) => Promise<Data>;
  readonly common: Data;
  /** Provider of servers that name none. */
  readonly providerName: string;
}

/**
 * Reads `servers` of one file, a list or a map, into entries. Entries of a map that an earlier file has too are merged
 * over it; lists are appended (05 §2.1.3).
 */
export function collectServers(servers: unknown, source: Source, into: ServerEntry[], issues: Issue[]): void {
  const at = (key: string | number, value: Data): Source => ({
    ...source,
    path: [...source.path, key],
    value,
  });
  if (Array.isArray(servers)) {
    servers.forEach((value: unknown, index) => {
      if (isRecord(value)) into.push({ source: at(index, value), value: canonicalServer(value) });
      else issues.push(issueAt(source, [index], 'A server must be a table of fields', 'INVALID_SERVER'));
    });
    return;
  }
  if (!isRecord(servers)) {
    issues.push(issueAt(source, [], 'servers must be a list or a table of servers', 'INVALID_SERVER'));
    return;
  }
  for (const [key, value] of Object.entries(servers)) {
    if (!isRecord(value)) {
      issues.push(issueAt(source, [key], 'A server must be a table of fields', 'INVALID_SERVER'));
      continue;
    }
    const entry = canonicalServer(value);
    const index = into.findIndex((known) => known.mapKey === key);
    if (index < 0) into.push({ source: at(key, value), value: { hostname: key, ...entry }, mapKey: key });
    else into[index] = { source: at(key, value), value: mergeData(into[index]!.value, entry), mapKey: key };
  }
}

/** Entries with the defaults beneath them (05 §2.1.5). */
export async function completeServers(
  entries: readonly ServerEntry[],
  defaults: ServerDefaults,
): Promise<ResolvedServer[]> {
  const common = canonicalServer(defaults.common);
  const beneath = new Map<string, Data>();
  const resolved: ResolvedServer[] = [];
  const lists = new Map<string, readonly Data[]>();
  for (const { source, value } of entries) {
    const provider = String(value['provider'] ?? common['provider'] ?? defaults.providerName);
    let base = beneath.get(provider);
    if (base === undefined) {
      base = mergeData(mergeData(await defaults.provider(provider), common), { provider });
      beneath.set(provider, base);
    }
    const server = mergeData(base, value);
    // A size that is written replaces the plan of the provider's defaults.
    const sized = hasSize(value) || hasSize(common);
    if (sized && value['plan'] === undefined && common['plan'] === undefined) delete server['plan'];
    if (Array.isArray(server['taskservs']))
      server['taskservs'] = completeTaskservs(server['taskservs'], lists);
    if (Array.isArray(server['firewall_rules']))
      server['firewall_rules'] = server['firewall_rules'].map(ownCopy);
    applyDefaults(Server, server);
    resolved.push({ value: server, source });
  }
  return resolved;
}

function hasSize(server: Data): boolean {
  return server['cores'] !== undefined || server['memory'] !== undefined;
}

/**
 * Taskservs with their defaults. Lists of plain names, which large definitions repeat thousands of times, are made once
 * and shared.
 */
function completeTaskservs(
  list: readonly unknown[],
  shared: Map<string, readonly Data[]>,
): readonly unknown[] {
  const plain = list.every(
    (item) => isRecord(item) && typeof item['name'] === 'string' && Object.keys(item).length === 1,
  );
  if (!plain) return list.map(ownCopy);
  const key = list.map((item) => (item as Data)['name']).join('\0');
  let complete = shared.get(key);
  if (complete === undefined) {
    complete = list.map((item) => {
      const own: Data = { ...(item as Data) };
      applyDefaults(ServerTaskserv, own);
      return own;
    });
    deepFreeze(complete);
    shared.set(key, complete);
  }
  return complete;
}

function ownCopy(item: unknown): unknown {
  return isRecord(item) ? { ...item } : item;
}

/** Groups as their members; the same hostname twice is an error. */
export function expandServers(
  servers: readonly ResolvedServer[],
  counts: Readonly<Record<string, number>>,
  issues: Issue[],
): Data[] {
  const members: Data[] = [];
  const seen = new Set<string>();
  for (const { value, source } of servers) {
    for (const member of expandGroup(value, counts)) {
      const hostname = String(member['hostname'] ?? '');
      if (hostname !== '' && seen.has(hostname)) {
        issues.push(issueAt(source, ['hostname'], `Duplicate server: ${hostname}`, 'DUPLICATE_SERVER'));
      }
      seen.add(hostname);
      rememberPlaces(member, (keys, message, code) => issueAt(source, keys, message, code));
      members.push(member);
    }
  }
  return members;
}

/** `count = N` as N servers named by `name_pattern`; the members share everything but the name. */
export function expandGroup(server: Data, counts: Readonly<Record<string, number>> = {}): Data[] {
  const group = String(server['hostname'] ?? '');
  const count = counts[group] ?? server['count'];
  if (server['count'] === undefined || typeof count !== 'number' || !Number.isInteger(count) || count < 0)
    return [{ ...server }];
  const pattern = typeof server['name_pattern'] === 'string' ? server['name_pattern'] : `${group}-%02d`;
  const { count: _count, name_pattern: _pattern, ...rest } = server;
  return Array.from({ length: count }, (_unused, index) => ({
    ...rest,
    hostname: memberName(pattern, index + 1),
    group,
  }));
}

/** `web-%02d` with 3 is `web-03`; a pattern without a place gets the number at its end. */
export function memberName(pattern: string, number: number): string {
  const place = /%(0?)(\d*)d/;
  if (!place.test(pattern)) return `${pattern}${number}`;
  return pattern.replace(place, (_match, zero: string, width: string) =>
    String(number)
      .padStart(Number(width === '' ? 0 : width), zero === '' ? ' ' : '0')
      .trim(),
  );
}
