import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Engine } from '../docker/client.ts';
import { processLives, processStart, withFileLock } from '../files/file-lock.ts';
import { type EngineEnvironment, programEnvironment } from './environment.ts';

/** How the private Podman service was started. */
export interface ServiceVariant {
  readonly podman: string;
  /** OCI runtime by name or path; `undefined` is Podman's own choice. */
  readonly runtime?: string;
  readonly cgroupManager?: 'cgroupfs';
  /** Storage other than Podman's own. */
  readonly storageRoot?: string;
}

/** A service that nobody has asked for so long ends by itself; the next use starts it again. */
const idleSeconds = 3_600;

/** Milliseconds until a service counts as one that does not answer; machines that are busy take their time. */
const patience = 60_000;

interface ServiceRecord extends ServiceVariant {
  readonly pid: number;
  readonly start?: string;
  readonly socket: string;
}

/** A Unix socket's path may have 107 bytes; a longer cache folder gets its socket elsewhere. */
export function serviceSocket(environment: EngineEnvironment): string {
  const near = join(environment.cacheDir, 'engine', 'podman.sock');
  if (Buffer.byteLength(near) <= 100) return near;
  const { uid } = userInfo();
  const folder = environment.variables.XDG_RUNTIME_DIR ?? (uid === 0 ? '/run' : tmpdir());
  const name = createHash('sha256').update(environment.cacheDir).digest('hex').slice(0, 12);
  return join(folder, `provisioning-${uid}-${name}.sock`);
}

/** The running private service, if there is one that answers. */
export async function runningService(environment: EngineEnvironment): Promise<ServiceVariant | undefined> {
  const record = await readRecord(environment);
  return record !== undefined && processLives(record.pid, record.start) ? record : undefined;
}

/**
 * Starts `podman system service` on a socket of our own and leaves it running for later processes. The caller holds
 * the engine lock. A service that runs with other settings is replaced: containers live on without it.
 * @throws Error with the service's own words when it does not come up.
 */
export async function startService(environment: EngineEnvironment, variant: ServiceVariant): Promise<Engine> {
  const socket = serviceSocket(environment);
  const running = await readRecord(environment);
  if (running !== undefined && processLives(running.pid, running.start)) {
    if (sameVariant(running, variant)) {
      const engine = await greet(socket).catch(() => undefined);
      if (engine !== undefined) return engine;
    }
    await endProcess(running.pid, running.start);
  }
  const folder = join(environment.cacheDir, 'engine');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await rm(socket, { force: true });
  const logFile = join(folder, 'podman.log');
  const log = await open(logFile, 'w', 0o600);
  const child = spawn(variant.podman, serviceArguments(variant, socket), {
    cwd: '/',
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    env: programEnvironment(environment.variables),
  });
  await log.close();
  let ended: string | undefined;
  child.once('error', (error) => (ended = error.message));
  child.once('exit', (code, signal) => (ended = `it ended with ${code ?? signal}`));
  child.unref();
  const limit = Date.now() + patience;
  while (ended === undefined && Date.now() < limit) {
    const engine = await greet(socket).catch(() => undefined);
    if (engine !== undefined && child.pid !== undefined) {
      const record: ServiceRecord = { ...variant, pid: child.pid, start: processStart(child.pid), socket };
      await writeFile(recordFile(environment), JSON.stringify(record), { mode: 0o600 });
      child.removeAllListeners();
      return engine;
    }
    await sleep(25);
  }
  if (ended === undefined && child.pid !== undefined) await endProcess(child.pid, processStart(child.pid));
  const words = (await readFile(logFile, 'utf8').catch(() => '')).trim().split('\n').slice(-3).join(' ');
  throw new Error(words || (ended ?? `it did not answer within ${patience / 1000} s`));
}

/** Ends the private service. Containers keep running. @returns whether there was one. */
export async function stopService(environment: EngineEnvironment): Promise<boolean> {
  return withFileLock(join(environment.cacheDir, 'engine', 'lock'), async () => {
    const record = await readRecord(environment);
    const lives = record !== undefined && processLives(record.pid, record.start);
    if (lives) await endProcess(record.pid, record.start);
    await rm(recordFile(environment), { force: true });
    await rm(serviceSocket(environment), { force: true });
    return lives;
  });
}

function serviceArguments(variant: ServiceVariant, socket: string): string[] {
  return [
    ...(variant.runtime === undefined ? [] : ['--runtime', variant.runtime]),
    ...(variant.cgroupManager === undefined ? [] : ['--cgroup-manager', variant.cgroupManager]),
    ...(variant.storageRoot === undefined
      ? []
      : ['--root', join(variant.storageRoot, 'root'), '--runroot', join(variant.storageRoot, 'run')]),
    'system',
    'service',
    `--time=${idleSeconds}`,
    `unix://${socket}`,
  ];
}

async function greet(socket: string): Promise<Engine> {
  return Engine.connect({ kind: 'socket', path: socket }, patience);
}

async function endProcess(pid: number, start: string | undefined): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!processLives(pid, start)) return;
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    for (let i = 0; i < 100 && processLives(pid, start); i++) await sleep(30);
  }
}

function recordFile(environment: EngineEnvironment): string {
  return join(environment.cacheDir, 'engine', 'service.json');
}

async function readRecord(environment: EngineEnvironment): Promise<ServiceRecord | undefined> {
  try {
    return JSON.parse(await readFile(recordFile(environment), 'utf8')) as ServiceRecord;
  } catch {
    return undefined;
  }
}

function sameVariant(left: ServiceVariant, right: ServiceVariant): boolean {
  return (
    left.podman === right.podman &&
    left.runtime === right.runtime &&
    left.cgroupManager === right.cgroupManager &&
    left.storageRoot === right.storageRoot
  );
}
