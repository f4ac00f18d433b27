import { canonicalServer, expandGroup } from '@provisioning/core';
import { Server } from '@provisioning/extensions-sdk';

/** A server as quotas count it. */
export interface Claim {
  /** `<workspace>/<infrastructure>/<server>`. */
  readonly key: string;
  readonly cores: number;
  /** MB. */
  readonly memory: number;
}

export interface Place {
  readonly workspace: string | undefined;
  readonly infra: string | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/** Servers that an operation creates, with the sizes that it states; the schema's defaults where it states none. */
export function created(place: Place, type: string, input: unknown): Claim[] {
  return serversOf(type, input, 'create').map((server) => ({
    key: keyOf(place, server),
    cores: sizeOf(server, 'cores'),
    memory: sizeOf(server, 'memory'),
  }));
}

/** Keys of the servers that an operation deletes. */
export function deleted(place: Place, type: string, input: unknown): string[] {
  return serversOf(type, input, 'delete').map((server) => keyOf(place, server));
}

/** Servers that an operation creates or deletes, as they are stated. */
export function serversOf(type: string, input: unknown, verb: 'create' | 'delete'): Fields[] {
  if (!isFields(input)) return [];
  if (type === `server.${verb}`) return isFields(input['server']) ? [input['server']] : [];
  if (type !== 'server.batch' || (input['action'] ?? 'create') !== verb) return [];
  const listed = ['server_configs', 'servers'].flatMap(
    (name) => (input[name] as unknown[] | undefined) ?? [],
  );
  // A name says nothing of sizes; a group is all of its members.
  return listed.flatMap((item) => expandGroup(canonicalServer(isFields(item) ? item : { hostname: item })));
}

function keyOf({ workspace = '', infra = '' }: Place, server: Fields): string {
  return `${workspace}/${infra}/${String(server['hostname'])}`;
}

function sizeOf(server: Fields, name: 'cores' | 'memory'): number {
  const given = Number(server[name]);
  return given > 0 ? given : (Server.properties[name] as unknown as { default: number }).default;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
