import { readFileSync } from 'node:fs';
import { readFile, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { withFileLock, writeFileAtomic } from '../../files/atomic.ts';
import { type LockProvider, type LockRequest, type WorkspaceLock, alive, conflicts } from './record.ts';

/**
 * Locks as files of the workspace, `.provisioning/locks/<id>.json`. Taking one happens under a file lock, so that of
 * two processes exactly one gets it. A lock whose process is gone, or that was taken before the machine was restarted,
 * does not count.
 */
export const localLocks: LockProvider = {
  name: 'local',

  async acquire(request, now) {
    const folder = locksFolder(request.workspace.path);
    return withFileLock(path.join(folder, 'acquire'), async () => {
      const { locks: held } = await sweep(folder, now);
      const inTheWay = conflicts(request.type, held);
      if (inTheWay.length > 0) return { held: inTheWay };
      const lock = recordOf(request, await nextId(folder), now);
      await writeFileAtomic(path.join(folder, `${lock.id}.json`), `${JSON.stringify(lock)}\n`);
      return { lock };
    });
  },

  async release(workspace, id) {
    if (!/^\d+$/.test(id)) return false;
    const file = path.join(locksFolder(workspace.path), `${id}.json`);
    const held = (await readLock(file)) !== undefined;
    await rm(file, { force: true });
    return held;
  },

  async renew(workspace, id, life, now) {
    const folder = locksFolder(workspace.path);
    const file = path.join(folder, `${id}.json`);
    return withFileLock(path.join(folder, 'acquire'), async () => {
      const lock = await readLock(file);
      if (lock === undefined || alive([lock], now).length === 0) return false;
      await writeFileAtomic(file, `${JSON.stringify({ ...lock, expires_at: after(now, life) })}\n`);
      return true;
    });
  },

  list: async (workspace, now) => (await sweep(locksFolder(workspace.path), now)).locks,

  cleanup: async (workspace, now) => (await sweep(locksFolder(workspace.path), now)).removed,
};

function locksFolder(workspace: string): string {
  return path.join(workspace, '.provisioning', 'locks');
}

/** Locks that count; what is left of dead ones is removed. */
async function sweep(folder: string, now: Date): Promise<{ locks: WorkspaceLock[]; removed: number }> {
  const locks: WorkspaceLock[] = [];
  let removed = 0;
  for (const name of await readdir(folder).catch((): string[] => [])) {
    if (!/^\d+\.json$/.test(name)) continue;
    const file = path.join(folder, name);
    const lock = await readLock(file);
    if (lock !== undefined && alive([lock], now).length > 0 && holderLives(lock)) locks.push(lock);
    else {
      await rm(file, { force: true });
      removed += 1;
    }
  }
  return { locks: locks.sort((a, b) => Number(a.id) - Number(b.id)), removed };
}

async function readLock(file: string): Promise<WorkspaceLock | undefined> {
  return readFile(file, 'utf8').then(
    (text) => {
      try {
        return JSON.parse(text) as WorkspaceLock;
      } catch {
        return undefined;
      }
    },
    () => undefined,
  );
}

/** Ids go on counting, so that an old id never means a new lock. */
async function nextId(folder: string): Promise<string> {
  const file = path.join(folder, 'last-id');
  const last = Number.parseInt(await readFile(file, 'utf8').catch(() => '0'), 10);
  const id = String((Number.isInteger(last) ? last : 0) + 1);
  await writeFileAtomic(file, id);
  return id;
}

function recordOf(request: LockRequest, id: string, now: Date): WorkspaceLock {
  return {
    id,
    workspace: request.workspace.name,
    type: request.type,
    user: request.user,
    host: request.host,
    pid: request.pid,
    boot: bootId(),
    operation: request.operation,
    acquired_at: now.toISOString(),
    expires_at: after(now, request.life),
    provider: 'local',
    ...(request.automatic === true ? { automatic: true } : {}),
  };
}

/** A lock taken by command stays when its command ends; an automatic one lives as long as its process. */
function holderLives(lock: WorkspaceLock): boolean {
  if (lock.automatic !== true || lock.host !== hostname()) return true;
  if (lock.boot !== undefined && lock.boot !== bootId()) return false;
  try {
    process.kill(lock.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

let boot: string | undefined;

function bootId(): string {
  if (boot !== undefined) return boot;
  try {
    boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    boot = '';
  }
  return boot;
}

function after(now: Date, milliseconds: number): string {
  return new Date(now.getTime() + milliseconds).toISOString();
}
