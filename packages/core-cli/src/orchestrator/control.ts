import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, type Health } from '@provisioning/client';
import { makeFolder, withFileLock } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { lastLines } from '../log/log-file.ts';
import { findOrchestratorProgram } from './program.ts';
import type { OrchestratorSettings } from './settings.ts';

export interface StartOptions {
  readonly settings: OrchestratorSettings;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
  /** Flags for the program beside host, port and data folder. */
  readonly flags?: readonly string[];
}

export type Started = { readonly already: boolean; readonly health: Health };

/** The orchestrator's health, or nothing when nobody answers. */
export async function orchestratorHealth(
  settings: OrchestratorSettings,
  timeout = 2000,
): Promise<Health | undefined> {
  try {
    return await createClient({ endpoint: settings.endpoint }).health({ timeout });
  } catch {
    return undefined;
  }
}

/** Whether it accepts work. A service that is still recovering says `degraded` and does. */
export function isServing(health: Health | undefined): boolean {
  return health !== undefined && health.status !== 'unhealthy';
}

/**
 * Starts the orchestrator as a process of its own and waits until it is healthy (12 §15). Where one runs already, that
 * one is the answer; of two callers at the same time one starts it and both get it.
 * @throws ProvisioningError `ORCHESTRATOR_START_FAILED` with the last lines of its log.
 */
export async function startOrchestrator(options: StartOptions): Promise<Started> {
  const { settings } = options;
  const running = await orchestratorHealth(settings);
  if (running && isServing(running)) return { already: true, health: running };
  const program = findOrchestratorProgram(options.environment);
  await makeFolder(join(settings.dataDir, 'logs'), 0o700);
  return withFileLock(
    join(settings.dataDir, 'start'),
    async () => {
      const meanwhile = await orchestratorHealth(settings);
      if (meanwhile && isServing(meanwhile)) return { already: true, health: meanwhile };
      const child = launch(program, options);
      return { already: false, health: await untilHealthy(child, options) };
    },
    settings.startTimeout + 5,
  );
}

interface Child {
  readonly pid: number | undefined;
  /** Exit code once the process has ended. */
  exited(): number | undefined;
}

function launch(program: string, { settings, environment, flags = [] }: StartOptions): Child {
  const url = new URL(settings.endpoint);
  const log = openSync(logFile(settings), 'a', 0o600);
  const arguments_ = [program, '--port', url.port || '9090', '--data-dir', settings.dataDir, ...flags];
  try {
    const child = spawn(process.execPath, arguments_, {
      detached: true,
      stdio: ['ignore', log, log],
      cwd: settings.dataDir,
      env: withoutTerminal(environment),
    });
    let code: number | undefined;
    child.on('exit', (status) => (code = status ?? 1));
    child.on('error', () => (code = 1));
    child.unref();
    return { pid: child.pid, exited: () => code };
  } finally {
    closeSync(log);
  }
}

/** The service inherits the environment, but nothing that belongs to one terminal or one command. */
function withoutTerminal(environment: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv {
  const left = new Set([
    'FORCE_COLOR',
    'PROVISIONING_WORKSPACE',
    'TEMP_WORKSPACE',
    'PROVISIONING_OUTPUT_FORMAT',
  ]);
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !left.has(name)),
  ) as NodeJS.ProcessEnv;
}

async function untilHealthy(child: Child, { settings, signal }: StartOptions): Promise<Health> {
  const until = Date.now() + settings.startTimeout * 1000;
  while (Date.now() < until) {
    signal?.throwIfAborted();
    const health = await orchestratorHealth(settings, 1000);
    if (health && isServing(health)) return health;
    if (child.exited() !== undefined) break;
    await sleep(50);
  }
  const code = child.exited();
  const lines = await lastLines(logFile(settings), 20);
  throw new ProvisioningError({
    code: 'ORCHESTRATOR_START_FAILED',
    message: [
      code === undefined
        ? `The orchestrator did not become healthy within ${settings.startTimeout} s`
        : `The orchestrator ended right after its start (exit code ${code})`,
      ...(lines.length === 0 ? [] : ['', ...lines]),
    ].join('\n'),
    hint: `Its log: ${logFile(settings)}`,
  });
}

/** Where the orchestrator writes its log. */
export function logFile(settings: OrchestratorSettings): string {
  return join(settings.dataDir, 'logs', 'orchestrator.log');
}

/** Process id of the running orchestrator: its own answer first, its pid file second. */
export async function orchestratorPid(settings: OrchestratorSettings): Promise<number | undefined> {
  const health = await orchestratorHealth(settings);
  if (health?.pid !== undefined) return health.pid;
  const text = await readFile(join(settings.dataDir, 'orchestrator.pid'), 'utf8').catch(() => '');
  const pid = Number(text.trim());
  return Number.isInteger(pid) && pid > 0 && isAlive(pid) ? pid : undefined;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * SIGTERM, and with `force` SIGKILL after `drain` seconds. Answers false when nothing ran.
 * @throws ProvisioningError `ORCHESTRATOR_STOP_TIMEOUT`.
 */
export async function stopOrchestrator(
  settings: OrchestratorSettings,
  options: { readonly drain: number; readonly force: boolean },
): Promise<boolean> {
  const pid = await orchestratorPid(settings);
  if (pid === undefined) return false;
  process.kill(pid, 'SIGTERM');
  const until = Date.now() + options.drain * 1000;
  while (isAlive(pid) && Date.now() < until) await sleep(50);
  if (!isAlive(pid)) return true;
  if (!options.force) {
    throw new ProvisioningError({
      code: 'ORCHESTRATOR_STOP_TIMEOUT',
      message: `The orchestrator (PID ${pid}) is still finishing its work after ${options.drain} s`,
      hint: 'Wait longer with --drain <seconds>, or end it with --force; unfinished work goes on at the next start',
    });
  }
  process.kill(pid, 'SIGKILL');
  return true;
}
