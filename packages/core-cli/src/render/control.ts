import { spawn } from 'node:child_process';
import { open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeFolder, userDirectories, writeFileAtomic } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ProvisioningCommand } from '../frame/command.ts';
import { isAlive } from '../orchestrator/control.ts';
import { surroundingsOf } from '../session/surroundings.ts';

/** The daemon of this user, as it wrote itself down when it began to listen. */
export interface RunningDaemon {
  readonly pid: number;
  readonly host: string;
  readonly port: number;
  readonly started_at: string;
}

const startSeconds = 60;
const stopSeconds = 10;

/** The one render daemon of a user: its record and log in the data folder (02 §16). */
export class RenderDaemonControl {
  readonly #folder: string;

  constructor(command: ProvisioningCommand) {
    this.#folder = path.join(userDirectories(surroundingsOf(command.runtime)).data, 'render-daemon');
  }

  get #recordFile(): string {
    return path.join(this.#folder, 'daemon.json');
  }

  get logFile(): string {
    return path.join(this.#folder, 'daemon.log');
  }

  /** The daemon that lives; the record of a dead one counts as none. */
  async current(): Promise<RunningDaemon | undefined> {
    const text = await readFile(this.#recordFile, 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    const record = JSON.parse(text) as RunningDaemon;
    return isAlive(record.pid) && (await this.#answers(record)) ? record : undefined;
  }

  async record(daemon: RunningDaemon): Promise<void> {
    await writeFileAtomic(this.#recordFile, `${JSON.stringify(daemon, null, 2)}\n`);
  }

  /** Forgets the daemon, unless another has taken its place. */
  async forget(pid: number): Promise<void> {
    const text = await readFile(this.#recordFile, 'utf8').catch(() => undefined);
    if (text !== undefined && (JSON.parse(text) as RunningDaemon).pid === pid) await rm(this.#recordFile);
  }

  /**
   * Starts `config daemon run` as a process of its own and waits until it answers.
   * @throws ProvisioningError `RENDER_DAEMON_START_FAILED` with what it said last
   */
  async start(
    environment: NodeJS.ProcessEnv,
    flags: readonly string[],
    signal: AbortSignal,
  ): Promise<RunningDaemon> {
    await makeFolder(this.#folder, 0o700);
    const log = await open(this.logFile, 'w', 0o600);
    const child = spawn(
      process.execPath,
      [...process.execArgv, process.argv[1]!, 'config', 'daemon', 'run', ...flags],
      { detached: true, stdio: ['ignore', log.fd, log.fd], env: environment },
    );
    await log.close();
    let ended = false;
    child.on('exit', () => (ended = true));
    child.on('error', () => (ended = true));
    child.unref();
    const until = Date.now() + startSeconds * 1000;
    while (!ended && Date.now() < until) {
      signal.throwIfAborted();
      const daemon = await this.current();
      if (daemon !== undefined && daemon.pid === child.pid) return daemon;
      await delay(50);
    }
    if (!ended) child.kill();
    const said = (await readFile(this.logFile, 'utf8').catch(() => '')).trim();
    throw new ProvisioningError({
      code: 'RENDER_DAEMON_START_FAILED',
      message: `The render daemon did not start${said === '' ? '' : `:\n${said.split('\n').slice(-10).join('\n')}`}`,
      hint: `Its log: ${this.logFile}`,
    });
  }

  /** @returns whether one ran. */
  async stop(): Promise<boolean> {
    const daemon = await this.current();
    if (daemon === undefined) return false;
    process.kill(daemon.pid, 'SIGTERM');
    const until = Date.now() + stopSeconds * 1000;
    while (isAlive(daemon.pid) && Date.now() < until) await delay(20);
    if (isAlive(daemon.pid)) process.kill(daemon.pid, 'SIGKILL');
    await this.forget(daemon.pid);
    return true;
  }

  /** Whether the recorded process is the one that listens; a process id may have been given to another program. */
  async #answers(record: RunningDaemon): Promise<boolean> {
    const health = await ask(record, '/health').catch(() => undefined);
    return health?.['pid'] === record.pid;
  }
}

/** Asks the daemon something, with its token where it wants one. */
export async function ask(
  { host, port }: Pick<RunningDaemon, 'host' | 'port'>,
  endpoint: string,
  token?: string,
): Promise<Record<string, unknown>> {
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const response = await fetch(
    `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}${endpoint}`,
    {
      signal: AbortSignal.timeout(5000),
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    },
  );
  return (await response.json()) as Record<string, unknown>;
}
