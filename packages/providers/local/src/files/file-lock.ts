import { link, mkdir, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/** What identifies a process beyond its reusable number: the kernel's start time, where there is one. */
export function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command name may hold spaces and brackets; fields are counted after the last bracket.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** Whether the process recorded with `start` still lives. */
export function processLives(pid: number, start: string | undefined): boolean {
  if (process.platform === 'linux') return start !== undefined && processStart(pid) === start;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

interface Holder {
  readonly pid: number;
  readonly start?: string;
  readonly token: string;
}

/**
 * Runs `work` while holding the lock file, so that one process at a time does it. A lock whose process died is taken
 * over. Within one process callers queue as well.
 */
export async function withFileLock<T>(
  path: string,
  work: () => Promise<T>,
  options: { readonly signal?: AbortSignal; readonly onWait?: () => void } = {},
): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const holder: Holder = { pid: process.pid, start: processStart(process.pid), token: randomUUID() };
  const mine = `${path}.${holder.token}`;
  await writeFile(mine, JSON.stringify(holder));
  try {
    let waits = 0;
    while (!(await acquire(path, mine))) {
      options.signal?.throwIfAborted();
      if (waits++ === 0) options.onWait?.();
      await breakStale(path);
      await sleep(Math.min(20 + waits * 10, 200), undefined, { signal: options.signal });
    }
  } catch (error) {
    await rm(mine, { force: true });
    throw error;
  }
  await rm(mine, { force: true });
  try {
    return await work();
  } finally {
    await unlink(path).catch(() => undefined);
  }
}

/** A hard link appears at once with its content, so a lock is never seen half-written. */
async function acquire(path: string, mine: string): Promise<boolean> {
  try {
    await link(mine, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function breakStale(path: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const holder = parseHolder(text);
  if (holder !== undefined && processLives(holder.pid, holder.start)) return;
  // Moved aside first: of several who saw the dead holder, one rename takes exactly the file that is there now.
  const aside = `${path}.stale-${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  const moved = await readFile(aside, 'utf8').catch(() => '');
  if (moved !== text) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

function parseHolder(text: string): Holder | undefined {
  try {
    return JSON.parse(text) as Holder;
  } catch {
    return undefined;
  }
}
