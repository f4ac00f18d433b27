import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { effects } from '../../../../../packages/orchestrator/src/testing/file-provider.ts';
import {
  postgresPrograms,
  redisProgram,
  startPostgres,
  startRedis,
} from '../../../../../packages/orchestrator/src/testing/servers.fixture.ts';
import type { CaseResult } from '../../suite.ts';
import { type RunningService, startProgram, startWorkerProgram } from '../api/service.ts';
import { Process } from './processes.ts';
import { freePort } from '../../../../testing/free-port.ts';

type Say = (message: string) => void;

/** What goes away for a while and comes back: no accepted workflow is lost, the health says so, nobody has to do anything. */
export async function outages(say: Say): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  const cases: readonly (readonly [string, string | undefined, () => Promise<string | undefined>])[] = [
    ['disk full', process.getuid?.() === 0 ? undefined : 'mounting a small file system needs root', diskFull],
    ['the clock jumps an hour ahead and two back', undefined, clockJumps],
    ['PostgreSQL restarts, Redis restarts without its data', missingServers(), serversRestart],
  ];
  for (const [name, missing, run] of cases) {
    say(name);
    if (missing !== undefined) results.push({ name, status: 'skipped', reason: missing });
    else {
      const reason = await run().catch((error: Error) => error.message);
      results.push(reason === undefined ? { name, status: 'passed' } : { name, status: 'failed', reason });
    }
  }
  return results;
}

function missingServers(): string | undefined {
  const found = postgresPrograms() !== undefined && redisProgram() !== undefined;
  return found ? undefined : 'install postgresql and redis-server';
}

/** Three operations in a row that each leave a line outside the orchestrator. */
function three(effect: string, pace: number): object {
  const line = `sleep ${pace}; echo "create $PROVISIONING_IDEMPOTENCY_KEY" >> '${effect}'`;
  const operation = (id: string, dependencies: string[]) => ({
    id,
    type: 'command',
    dependencies,
    config: { command: 'sh', args: ['-c', line] },
  });
  const operations = [operation('a', []), operation('b', ['a']), operation('c', ['b'])];
  return { name: 'outage', version: '1.0.0', operations };
}

/** The journal's file system has no byte left. */
async function diskFull(): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'provisioning-outage-'));
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk]);
  try {
    await using service = await startProgram(await freePort(), true, {
      ORCHESTRATOR_DATA_DIR: join(disk, 'data'),
    });
    const work = new Work(service, join(folder, 'effects'), 0.3);
    for (let count = 0; count < 10; count++) await work.submit();
    fill(join(disk, 'ballast'));
    // The first one after the disk is full finds out; it waits for its answer until there is room again.
    const unsure = work.submit();
    unsure.catch(() => undefined);
    await work.health('unhealthy');
    const { status, body } = await work.post();
    if (status !== 503 || body.error?.code !== 'STORAGE_UNAVAILABLE')
      return `a submission to a full disk was answered with ${status} ${JSON.stringify(body)}`;
    await work.get(`/workflows/${work.accepted[0]!}`);
    rmSync(join(disk, 'ballast'));
    await work.health('healthy');
    await unsure;
    await work.submit();
    return await work.wrong();
  } finally {
    execFileSync('umount', [disk]);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Takes every byte there is, the last ones one by one. */
function fill(file: string): void {
  for (const size of [1 << 20, 1 << 12]) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(size), { flag: 'a' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
}

/** A workflow with time limits and retries lives through it; so does a restart in between. */
async function clockJumps(): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'provisioning-clock-'));
  const start = () => new Process('recovery/crash.fixture.ts', [folder, '60'], { clock: true });
  let process = start();
  try {
    if (!(await process.says('accepted', 30_000))) return 'the workflow was not accepted';
    await sleep(100);
    process.signal('SIGUSR2');
    await sleep(150);
    process.signal('SIGHUP');
    await sleep(100);
    // What comes after it has the time of before the jumps.
    await process.kill();
    process = start();
    await process.says('accepted', 30_000);
    process.signal('SIGHUP');
    if (!(await process.says('finished', 60_000))) return 'the workflow did not finish';
    return once(join(folder, 'effects'), 20);
  } finally {
    await process.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Both servers of the distributed form go away in turn. */
async function serversRestart(): Promise<string | undefined> {
  const [database, redis] = [await startPostgres(), await startRedis()];
  const folder = mkdtempSync(join(tmpdir(), 'provisioning-outage-'));
  const environment = {
    ORCHESTRATOR_STORAGE_TYPE: 'postgres',
    ORCHESTRATOR_STORAGE_POSTGRES_URL: database.url,
    ORCHESTRATOR_DISPATCHER: 'bullmq',
    ORCHESTRATOR_REDIS_URL: redis.url,
  };
  try {
    await using service = await startProgram(await freePort(), true, environment);
    await using _worker = startWorkerProgram(environment);
    const work = new Work(service, join(folder, 'effects'), 0.2);
    for (let count = 0; count < 10; count++) await work.submit();
    await work.begun();
    await redis.kill();
    await work.health('degraded');
    // The store is the truth: what comes while Redis is away is accepted and runs when it is back, empty.
    await work.submit();
    await redis.start();
    await work.health('healthy');
    await database.restart();
    await work.submit(60_000);
    await work.health('healthy');
    return await work.wrong();
  } finally {
    await redis.end();
    await database.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Body {
  readonly status?: string;
  readonly data?: { readonly workflow_id?: string; readonly status?: string };
  readonly error?: { readonly code: string };
}

/** Workflows of a service and what they left behind. */
class Work {
  readonly accepted: string[] = [];
  readonly #url: string;
  readonly #effects: string;
  readonly #pace: number;

  /** @param pace seconds of each operation */
  constructor({ url }: RunningService, effectsFile: string, pace: number) {
    this.#url = `${url}/api/v1`;
    this.#effects = effectsFile;
    this.#pace = pace;
  }

  async post(): Promise<{ readonly status: number; readonly body: Body }> {
    const response = await fetch(`${this.#url}/workflows/submit`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(three(this.#effects, this.#pace)),
    });
    return { status: response.status, body: (await response.json()) as Body };
  }

  /** Submits until it is accepted, at most for `limit` milliseconds. */
  async submit(limit = 0): Promise<void> {
    const until = performance.now() + limit;
    for (;;) {
      const { status, body } = await this.post();
      if (status === 202) return void this.accepted.push(body.data!.workflow_id!);
      if (performance.now() > until) throw new Error(`a submission was answered with ${status}`);
      await sleep(200);
    }
  }

  async get(path: string): Promise<Body> {
    const response = await fetch(`${this.#url}${path}`);
    if (response.status >= 500 && path !== '/health') throw new Error(`${path} answers ${response.status}`);
    return (await response.json()) as Body;
  }

  async health(wanted: string): Promise<void> {
    const until = performance.now() + 60_000;
    for (;;) {
      const body = await this.get('/health');
      if (body.status === wanted) return;
      if (performance.now() > until)
        throw new Error(`the health did not become ${wanted}: ${JSON.stringify(body)}`);
      await sleep(50);
    }
  }

  /** Waits for the first effect: whoever works is there. */
  async begun(): Promise<void> {
    const until = performance.now() + 60_000;
    while (effects(this.#effects).length === 0) {
      if (performance.now() > until) throw new Error('nothing has begun');
      await sleep(20);
    }
  }

  /** Waits for the end of all that was accepted. @returns what is wrong */
  async wrong(): Promise<string | undefined> {
    const until = performance.now() + 120_000;
    for (const id of this.accepted) {
      for (;;) {
        const { data } = await this.get(`/workflows/${id}`);
        if (data?.status === 'Completed') break;
        if (performance.now() > until || data?.status === 'Failed')
          return `workflow ${id} is ${data?.status}`;
        await sleep(50);
      }
    }
    return once(this.#effects, 3 * this.accepted.length);
  }
}

/** What is wrong with the effects; nothing when each of `operations` happened once. */
export function once(file: string, operations: number): string | undefined {
  const created = effects(file).filter((line) => line.startsWith('create '));
  const distinct = new Set(created).size;
  if (distinct < operations) return `${operations - distinct} effects are missing`;
  if (created.length > distinct) return `${created.length - distinct} effects happened twice`;
  return undefined;
}
