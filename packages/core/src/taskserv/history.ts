import { readdir, readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { join } from 'node:path';
import type { Context, TaskservUse } from '@provisioning/extensions-sdk';
import { withFileLock, writeFileAtomic } from '../files/atomic.ts';
import { infraPath } from '../state/paths.ts';
import { StateFile, type TaskservRecord } from '../state/state.ts';

/** A way a taskserv was installed on a server. Secrets of its configuration are not kept. */
export interface InstalledVersion {
  /** Version asked for. */
  readonly version: string;
  /** Version of the software as its package reported it. */
  readonly installed_version: string;
  readonly profile: string;
  readonly config: unknown;
  readonly installed_at: string;
}

/** How a taskserv is installed on a server, and how it was before (07 §6.3). */
export interface TaskservHistory {
  readonly current: InstalledVersion;
  /** Newest first, at most three. */
  readonly previous: readonly InstalledVersion[];
}

export type ServerHistory = Readonly<Record<string, TaskservHistory>>;

/** Ways back that are kept. */
const kept = 3;

type Place = Pick<Context, 'workspace' | 'infra'>;

function folder(place: Place): string {
  return join(infraPath(place), 'data', 'taskservs');
}

function fileOf(place: Place, hostname: string): string {
  return join(folder(place), `${hostname}.json`);
}

/** What was installed on a server from here. The server's own records say what is there; this says what was before. */
export async function readHistory(place: Place, hostname: string): Promise<ServerHistory> {
  const text = await readFile(fileOf(place, hostname), 'utf8').catch(() => '{}');
  try {
    return JSON.parse(text) as ServerHistory;
  } catch {
    return {};
  }
}

/** The history of every server that has one. */
export async function readHistories(place: Place): Promise<ReadonlyMap<string, ServerHistory>> {
  const names = await readdir(folder(place)).catch((): string[] => []);
  const hosts = names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5));
  return new Map(
    await Promise.all(hosts.sort().map(async (host) => [host, await readHistory(place, host)] as const)),
  );
}

/** Remembers an installation; what was there before becomes a way back when version or configuration differ. */
export function recordInstalled(
  place: Place,
  hostname: string,
  name: string,
  installed: InstalledVersion,
): Promise<void> {
  return change(place, hostname, (history) => {
    const before = history[name];
    const same = before !== undefined && isSame(before.current, installed);
    const previous =
      before === undefined
        ? []
        : same
          ? before.previous
          : [before.current, ...before.previous].slice(0, kept);
    return { ...history, [name]: { current: installed, previous } };
  });
}

/** Remembers a way back as taken: it and what came after it are no longer ahead. */
export function recordRollback(
  place: Place,
  hostname: string,
  name: string,
  installed: InstalledVersion,
): Promise<void> {
  return change(place, hostname, (history) => {
    const ways = history[name]?.previous ?? [];
    const taken = ways.findIndex((way) => isSame(way, installed));
    return { ...history, [name]: { current: installed, previous: ways.slice(taken + 1) } };
  });
}

/** Forgets a taskserv that was removed. */
export function forgetInstalled(place: Place, hostname: string, name: string): Promise<void> {
  return change(place, hostname, ({ [name]: _gone, ...rest }) => rest);
}

/** The record of a use of a taskserv, as it is kept. */
export function installedVersion(
  use: Pick<TaskservUse, 'profile'>,
  version: string,
  installed: string,
  config: unknown,
  now: number,
): InstalledVersion {
  return {
    version,
    installed_version: installed,
    profile: use.profile,
    config,
    installed_at: new Date(now).toISOString(),
  };
}

function isSame(one: InstalledVersion, other: InstalledVersion): boolean {
  return (
    one.version === other.version &&
    one.profile === other.profile &&
    isDeepStrictEqual(one.config, other.config)
  );
}

async function change(
  place: Place,
  hostname: string,
  work: (history: ServerHistory) => ServerHistory,
): Promise<void> {
  const file = fileOf(place, hostname);
  await withFileLock(file, async () => {
    const before = await readHistory(place, hostname);
    const after = work(before);
    if (!isDeepStrictEqual(before, after)) await writeFileAtomic(file, `${JSON.stringify(after, null, 2)}\n`);
    await new StateFile(infraPath(place)).recordTaskservs(hostname, recordsOf(after));
  });
}

/** The same as the state of the infrastructure tells it (05 §7.2). */
function recordsOf(history: ServerHistory): TaskservRecord[] {
  return Object.entries(history).map(([name, { current, previous }]) => ({
    name,
    version: current.installed_version || current.version,
    status: 'installed',
    ...(previous[0] === undefined ? {} : { previous_version: previous[0].version }),
    installed_at: current.installed_at,
  }));
}
