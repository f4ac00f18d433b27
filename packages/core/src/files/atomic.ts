import { randomBytes } from 'node:crypto';
import { access, link, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ProvisioningError } from '@provisioning/extensions-sdk';

/**
 * Makes a folder with those above it. Node's own recursive way never comes back where a kernel refuses new folders without
 * saying so, as below `/proc`.
 * @returns the first folder that was made, if any.
 * @throws ProvisioningError `FILE_*`
 */
export async function makeFolder(path: string, mode?: number): Promise<string | undefined> {
  const make = () => mkdir(path, mode);
  try {
    await make();
    return path;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A file in its place is found by whoever writes into the folder.
    if (code === 'EEXIST') return undefined;
    const above = dirname(path);
    if (code !== 'ENOENT' || above === path || (await there(above))) throw fileError(path, error, 'folder');
    const first = await makeFolder(above, mode);
    await make().catch((again: unknown) => {
      if ((again as NodeJS.ErrnoException).code !== 'EEXIST') throw fileError(path, again, 'folder');
    });
    return first ?? path;
  }
}

function there(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * Replaces a file as a whole: written beside it, synced, renamed. A reader sees the old content or the new one, also
 * after a crash. Directories are made as needed.
 * @param mode permission bits, default 0600.
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array, mode = 0o600): Promise<void> {
  await makeFolder(dirname(path));
  const temporary = join(
    dirname(path),
    `.${basename(path)}.${process.pid}.${randomBytes(4).toString('hex')}`,
  );
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw fileError(path, error);
  }
}

export interface LockOptions {
  /** Seconds to wait for another holder. Default 10. */
  readonly timeout?: number;
  /** What the message calls the other's work: `Another installation`. Default: it names the file. */
  readonly what?: string;
  readonly signal?: AbortSignal;
}

/**
 * Runs `work` while no other process holds the lock file `<path>.lock` (01 §8).
 * @param options how it waits; a number is the seconds.
 * @throws ProvisioningError `RESOURCE_BUSY` naming the process that holds it. The lock of a dead process is taken over.
 */
export async function withFileLock<T>(
  path: string,
  work: () => Promise<T>,
  options: number | LockOptions = {},
): Promise<T> {
  const { timeout = 10, what, signal } = typeof options === 'number' ? { timeout: options } : options;
  const lock = `${path}.lock`;
  await makeFolder(dirname(lock));
  const limit = Date.now() + timeout * 1000;
  for (;;) {
    signal?.throwIfAborted();
    if (await tryLock(lock)) break;
    const holder = await lockHolder(lock);
    if (holder !== undefined && !isAlive(holder)) {
      await takeOver(lock, holder);
      continue;
    }
    if (Date.now() > limit) {
      throw new ProvisioningError({
        code: 'RESOURCE_BUSY',
        kind: what === undefined ? 'failure' : 'conflict',
        message: `${what === undefined ? `Resource busy: ${path}` : `${what} is running`} (pid ${holder ?? 'unknown'})`,
        hint: 'Wait for the other command to finish, then run this one again.',
        retryable: true,
      });
    }
    await delay(20 + Math.random() * 30);
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

/** Makes the lock with its holder's process id in it in one step, so that a kill never leaves a lock of nobody. */
async function tryLock(lock: string): Promise<boolean> {
  const own = `${lock}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    await writeFile(own, `${process.pid}\n`, { mode: 0o600, flag: 'wx' });
    await link(own, lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw fileError(lock, error);
  } finally {
    await rm(own, { force: true }).catch(() => undefined);
  }
}

async function lockHolder(lock: string): Promise<number | undefined> {
  const pid = Number.parseInt(await readFile(lock, 'utf8').catch(() => ''), 10);
  return Number.isInteger(pid) ? pid : undefined;
}

/** Moves a dead lock aside; only the process whose rename finds the same holder removes it. */
async function takeOver(lock: string, holder: number): Promise<void> {
  const aside = `${lock}.${process.pid}`;
  try {
    await rename(lock, aside);
  } catch {
    return;
  }
  const moved = await lockHolder(aside);
  if (moved !== undefined && moved !== holder && isAlive(moved)) await rename(aside, lock);
  else await rm(aside, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const denied: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS']);

/** A file system error as one the user can act on. */
export function fileError(path: string, error: unknown, what?: 'folder'): ProvisioningError {
  if (error instanceof ProvisioningError) return error;
  const code = (error as NodeJS.ErrnoException).code;
  const known: Record<string, { message: string; hint: string }> = {
    ENOSPC: {
      message: `No space left on the device for ${path}`,
      hint: 'Free disk space, then run the command again.',
    },
    EDQUOT: {
      message: `Disk quota exceeded for ${path}`,
      hint: 'Free disk space, then run the command again.',
    },
    EACCES: {
      message: `Permission denied: ${path}`,
      hint: 'Check the owner and the mode of the file and its folder.',
    },
    EPERM: { message: `Permission denied: ${path}`, hint: 'Check the owner of the file and its folder.' },
    EROFS: { message: `Read-only file system: ${path}`, hint: 'Use a folder that can be written.' },
    ENOENT:
      what === 'folder'
        ? { message: `No folder can be made here: ${path}`, hint: 'Use a folder that can be written.' }
        : { message: `File not found: ${path}`, hint: 'Check the path.' },
    ENOTDIR: { message: `A part of this path is a file: ${path}`, hint: 'Check the path.' },
    EISDIR: { message: `This is a folder, and a file is wanted: ${path}`, hint: 'Name a file in it.' },
  };
  const text = (code !== undefined && known[code]) || {
    message: `${path}: ${error instanceof Error ? error.message : String(error)}`,
    hint: undefined,
  };
  return new ProvisioningError({
    code: code === undefined ? 'FILE_ERROR' : `FILE_${code}`,
    kind: code !== undefined && denied.has(code) ? 'permission' : 'failure',
    ...text,
    cause: error,
  });
}
