import { type ObservedServer, type ServerState, serverStates } from '@provisioning/extensions-sdk';
import { tagNames } from '@provisioning/extensions-sdk/cloud';
import type { Declaration } from './schema.ts';
import { valueAt } from './path.ts';

/** Where a server's facts stand when the declaration does not say. */
const defaultFields: Readonly<Record<string, string>> = {
  id: 'id',
  name: 'name',
  status: 'status',
  zone: 'zone',
  plan: 'plan',
  cores: 'cores',
  memory: 'memory',
  disk: 'disk',
  os: 'os',
  created_at: 'created_at',
  tags: 'tags',
  'ip.public': 'ip_address',
  'ip.private': 'private_ip',
};

const addressKinds = ['public', 'private', 'utility', 'ipv6'] as const;

/** A server of an answer as we report it, by the declared fields and states. */
export function observe(provider: string, declaration: Declaration, raw: unknown): ObservedServer {
  const fields = { ...defaultFields, ...declaration.fields };
  const read = (key: string) => valueAt(raw, fields[key]);
  const text = (key: string) => String(read(key) ?? '');
  const tags = tagsOf(declaration, read('tags'));
  const memory = Number(read('memory') ?? 0);
  const created = new Date((read('created_at') as string | number | undefined) ?? 0);
  return {
    id: text('id'),
    name: text('name'),
    hostname: tags[tagNames.hostname] ?? text('name'),
    provider,
    status: stateOf(declaration, text('status')),
    plan: text('plan'),
    cores: Number(read('cores') ?? 0),
    memory: declaration.memory_unit === 'gb' ? Math.round(memory * 1024) : memory,
    disk: Number(read('disk') ?? 0),
    zone: text('zone'),
    os: tags[tagNames.os] ?? text('os'),
    ip_addresses: Object.fromEntries(
      addressKinds.flatMap((kind) => {
        const address = fields[`ip.${kind}`] === undefined ? undefined : read(`ip.${kind}`);
        return typeof address === 'string' && address !== '' ? [[kind, address]] : [];
      }),
    ),
    created_at: Number.isNaN(created.getTime()) ? new Date(0).toISOString() : created.toISOString(),
    tags,
    raw,
  };
}

function stateOf(declaration: Declaration, status: string): ServerState {
  const mapped = declaration.states?.[status] ?? status;
  return (serverStates as readonly string[]).includes(mapped) ? (mapped as ServerState) : 'unknown';
}

/** Names of tags in a list: services that keep lists allow letters, digits, `_`, `-` and `:` only. */
const listForm = (text: string) => text.replaceAll(/[^A-Za-z0-9_-]/g, '_');

/** Our tags as the service keeps them. */
export function tagValue(declaration: Declaration, tags: Readonly<Record<string, string>>): unknown {
  if (declaration.tags === 'map') return { ...tags };
  if (declaration.tags === 'list')
    return Object.entries(tags).map(([key, value]) => `${listForm(key)}:${listForm(value)}`);
  return undefined;
}

/** Tags of an answer by our names. */
export function tagsOf(declaration: Declaration, value: unknown): Record<string, string> {
  if (declaration.tags === 'map' && typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, String(entry)]));
  }
  if (declaration.tags !== 'list' || !Array.isArray(value)) return {};
  const known = new Map(Object.values(tagNames).map((name) => [listForm(name), name as string]));
  return Object.fromEntries(
    value.map(String).map((entry) => {
      const [key = '', ...rest] = entry.split(':');
      return [known.get(key) ?? key, rest.join(':')];
    }),
  );
}

/** Whether a listed tag stands for this value: lists change some characters. */
export function tagMatches(declaration: Declaration, found: string | undefined, wished: string): boolean {
  return found === (declaration.tags === 'list' ? listForm(wished) : wished);
}
