import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';

/** A data folder held by this process alone. */
export interface DataFolder {
  readonly path: string;
  /** Writes what a second process shall read: pid and port. */
  announce(port: number): void;
  release(): void;
}

/**
 * Takes a service's data folder: `<service>.lock` is held exclusively, `<service>.pid` names the process (12 §15). A lock
 * left by a process that is gone is taken over.
 * @throws ProvisioningError `ALREADY_RUNNING`
 */
export function takeDataFolder(path: string, service: string, label: string): DataFolder {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const lock = join(path, `${service}.lock`);
  const pid = join(path, `${service}.pid`);
  for (let attempt = 0; ; attempt++) {
    try {
      const file = openSync(lock, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600);
      writeSync(file, content());
      closeSync(file);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const holder = readLock(lock);
      if (holder && isSameProcess(holder)) {
        throw new ProvisioningError({
          code: 'ALREADY_RUNNING',
          kind: 'conflict',
          message: `${label} already running (PID ${holder.pid}, port ${holder.port || 'unknown'})`,
          hint: `Use that one, or start another with --data-dir`,
        });
      }
      if (attempt > 3) throw error;
      rmSync(lock, { force: true });
    }
  }
  writeFileSync(pid, `${process.pid}\n`, { mode: 0o600 });
  return {
    path,
    announce: (port) => writeFileSync(lock, content(port), { mode: 0o600 }),
    release() {
      rmSync(pid, { force: true });
      rmSync(lock, { force: true });
    },
  };
}

interface Holder {
  readonly pid: number;
  readonly port: number;
  /** Start time of the process, where the system tells: a reused pid is another process. */
  readonly started: string;
}

function content(port = 0): string {
  return JSON.stringify({ pid: process.pid, port, started: startTime(process.pid) } satisfies Holder);
}

function readLock(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

function isSameProcess({ pid, started }: Holder): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const now = startTime(pid);
  return started === '' || now === '' || started === now;
}

/** Field 22 of `/proc/<pid>/stat`, empty elsewhere. */
function startTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
