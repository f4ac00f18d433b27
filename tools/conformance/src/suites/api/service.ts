import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { initWorkspace, processSurroundings } from '@provisioning/core';
import { stopPrivateService } from '@provisioning/provider-local/engine';

const root = join(import.meta.dirname, '../../../../..');
const program = join(root, 'packages/orchestrator/bin/provisioning-orchestrator.js');

/** The program itself, in solo mode, with a user and a workspace of its own. */
export interface RunningService extends AsyncDisposable {
  readonly url: string;
  /** Resident memory in bytes. */
  memory(): number;
}

/**
 * @param commands whether workflows may run commands. A fuzzer must not: it would make them up.
 */
export async function startProgram(
  port: number,
  commands: boolean,
  environment: Readonly<Record<string, string>> = {},
): Promise<RunningService> {
  const folder = mkdtempSync(join(tmpdir(), 'conformance-api-'));
  const home = join(folder, 'home');
  mkdirSync(home);
  const surroundings = { ...processSurroundings(root), env: { HOME: home }, cwd: home, home };
  await initWorkspace({
    surroundings,
    version: '0.1.0',
    target: 'shop',
    infra: 'production',
    activate: true,
  });
  const child = spawn(process.execPath, [program, '--port', String(port), '--log-level', 'error'], {
    cwd: home,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      HOME: home,
      // No container engine is found: what a request asks for is accepted and fails, nothing is made.
      PATH: commands ? process.env['PATH'] : '/nonexistent',
      ORCHESTRATOR_EXECUTOR_ALLOW_COMMANDS: String(commands),
      ORCHESTRATOR_QUEUE_MAX_CONCURRENT_TASKS: '100',
      ORCHESTRATOR_SHUTDOWN_GRACE_SECONDS: '0',
      ...environment,
    },
  });
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    if (child.exitCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    }
    // Looking at what is there starts the local provider's engine.
    await stopPrivateService({ variables: { HOME: home } });
    rmSync(folder, { recursive: true, force: true });
  };
  for (let attempt = 0; attempt < 600 && child.exitCode === null; attempt++) {
    const up = await fetch(`${url}/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (up) return { url, memory: () => residentMemory(child.pid!), [Symbol.asyncDispose]: stop };
    await delay(100);
  }
  await stop();
  throw new Error('the orchestrator did not start within 60 s');
}

function residentMemory(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}

/** A worker of the program beside an orchestrator, with the same surroundings. */
export function startWorkerProgram(environment: Readonly<Record<string, string>>): AsyncDisposable {
  const home = mkdtempSync(join(tmpdir(), 'conformance-worker-'));
  const child = spawn(process.execPath, [program, 'worker', '--log-level', 'error'], {
    cwd: home,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      HOME: home,
      PATH: process.env['PATH'],
      ORCHESTRATOR_EXECUTOR_ALLOW_COMMANDS: 'true',
      ORCHESTRATOR_SHUTDOWN_GRACE_SECONDS: '0',
      ...environment,
    },
  });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  return {
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await gone;
      rmSync(home, { recursive: true, force: true });
    },
  };
}
