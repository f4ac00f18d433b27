import { type FileHandle, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { ProvisioningError } from '@provisioning/extensions-sdk';

export interface LockOptions {
  /** Milliseconds to wait for another holder. Default 30 000. */
  readonly wait?: number;
  /** What the message calls the work: `Another dependency operation`. */
  readonly what?: string;
  readonly signal?: AbortSignal;
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Runs work while holding an exclusive lock file that carries the holder's process id. A lock whose process is gone, or
 * that was left empty by a crash, is taken over.
 * @throws ProvisioningError `LOCKED` when the holder keeps it longer than `wait`.
 */
export async function withFileLock<T>(
  path: string,
  work: () => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  const end = Date.now() + (options.wait ?? 30_000);
  for (;;) {
    options.signal?.throwIfAborted();
    const handle = await tryLock(path);
    if (handle !== undefined) {
      try {
        return await work();
      } finally {
        await handle.close();
        await rm(path, { force: true });
      }
    }
    const holder = await holderOf(path);
    if (holder === 'stale') {
      await takeAway(path);
      continue;
    }
    if (Date.now() >= end) {
      throw new ProvisioningError({
        code: 'LOCKED',
        kind: 'conflict',
        message: `${options.what ?? 'Another operation'} is running${holder === undefined ? '' : ` (pid ${holder})`}`,
        hint: `wait for it, or remove ${path} when that process is gone`,
        retryable: true,
      });
    }
    await delay(20 + Math.random() * 30);
  }
}

async function tryLock(path: string): Promise<FileHandle | undefined> {
  try {
    const handle = await open(path, 'wx', 0o600);
    await handle.writeFile(String(process.pid));
    return handle;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw error;
  }
}

async function holderOf(path: string): Promise<number | 'stale' | undefined> {
  try {
    const pid = Number.parseInt(await readFile(path, 'utf8'), 10);
    if (Number.isInteger(pid)) return alive(pid) ? pid : 'stale';
    // Between creating the file and writing the id the lock is empty for an instant; older than that it is a ruin.
    return Date.now() - (await stat(path)).mtimeMs > 5_000 ? 'stale' : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Renaming first makes sure that of several processes only one removes the stale lock, and never a fresh one. */
async function takeAway(path: string): Promise<void> {
  const aside = `${path}.stale-${process.pid}-${Math.random().toString(36).slice(2)}`;
  try {
    await rename(path, aside);
    await rm(aside, { force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
