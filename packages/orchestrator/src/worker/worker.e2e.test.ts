import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createLogger } from '@provisioning/service-kit';
import { Redis } from 'ioredis';
import { BullDispatcher } from '../dispatch/bullmq/dispatcher.ts';
import { queueName } from '../dispatch/bullmq/messages.ts';
import { PostgresStore } from '../journal/postgres/store.ts';
import { Orchestrator } from '../service/orchestrator.ts';
import { defaultSettings } from '../settings/defaults.ts';
import type { Execution } from '../execution/executor.ts';
import { startWorker as runWorker } from '../program/start-worker.ts';
import { bundled } from '../testing/bundled.fixture.ts';
import { effects, FileProvider } from '../testing/file-provider.ts';
import { startPostgres, startRedis, type TestServer } from '../testing/servers.fixture.ts';
import { fileWorkflow } from '../testing/workflow.fixture.ts';

const compiled = mkdtempSync(join(tmpdir(), 'provisioning-workers-compiled-'));
const fixture = bundled(fileURLToPath(new URL('worker.fixture.ts', import.meta.url)), compiled);
let database: TestServer;
let redis: TestServer;
let folder: string;
let orchestrator: Orchestrator;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  database = await startPostgres();
  redis = await startRedis();
});
afterAll(async () => {
  await redis.end();
  await database.end();
  rmSync(compiled, { recursive: true, force: true });
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'provisioning-workers-'));
  orchestrator = create();
  await orchestrator.open();
});
afterEach(async () => {
  await orchestrator.close();
  for (const child of children) child.kill('SIGKILL');
  children.clear();
  rmSync(folder, { recursive: true, force: true });
});

function create(leaseSeconds = 30): Orchestrator {
  const store = new PostgresStore({ url: database.url });
  const made: Orchestrator = new Orchestrator({
    store,
    executor: new FileProvider(join(folder, 'effects')),
    dispatcher: new BullDispatcher({
      redisUrl: redis.url,
      store,
      journal: () => made.journal,
      leaseSeconds,
    }),
    logsFolder: join(folder, 'logs'),
    runtime: {
      scheduler: {
        strategy: 'dependency_first',
        maxConcurrent: 100,
        maxCpuCores: 0,
        enablePreemption: false,
        providerLimits: {},
      },
    },
  });
  return made;
}

async function startWorker(pace = 5, lease = 30): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    ['--no-warnings', fixture, folder, database.url, redis.url, String(pace), String(lease)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  children.add(child);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return child;
}

const chain = (from: number, count: number, width: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `op-${from + index}`,
      index < width ? [] : [`op-${from + index - width}`],
    ]),
  );

async function finished(id: string, limit: number): Promise<string> {
  const until = Date.now() + limit;
  while (Date.now() < until) {
    const { status } = await orchestrator.workflows.get(id);
    if (status !== 'Pending' && status !== 'Running') return status;
    await sleep(50);
  }
  const record = await orchestrator.workflows.get(id);
  return `${record.status}: ${JSON.stringify(record.operations?.filter((own) => own.status === 'Running'))}`;
}

function creations(id: string): string[] {
  return effects(join(folder, 'effects')).filter((line) => line.startsWith(`create ${id}/`));
}

test('12.A7 two workers share a batch; one is killed, Redis is emptied: nothing is lost, nothing happens twice', async () => {
  // What a dead worker had is taken over when its lease is over.
  await orchestrator.close();
  orchestrator = create(8);
  await orchestrator.open();
  const first = await startWorker(5, 8);
  await startWorker(5, 8);
  const id = await orchestrator.workflows.submit(fileWorkflow(chain(0, 60, 10), { parallel_limit: 20 }));
  while (creations(id).length < 15) await sleep(5);
  first.kill('SIGKILL');
  const client = new Redis(redis.url);
  await client.flushall();
  client.disconnect();
  expect(await finished(id, 90_000)).toBe('Completed');
  const created = creations(id);
  expect(new Set(created).size).toBe(60);
  expect(created).toHaveLength(60);
}, 120_000);

test('workers go on while the orchestrator is away; a new one takes over what they did', async () => {
  await startWorker(20);
  const id = await orchestrator.workflows.submit(fileWorkflow(chain(0, 30, 10), { parallel_limit: 20 }));
  while (creations(id).length < 3) await sleep(5);
  await orchestrator.close();
  orchestrator = create();
  await orchestrator.open();
  expect(await finished(id, 60_000)).toBe('Completed');
  expect(creations(id)).toHaveLength(30);
}, 90_000);

test('Redis restarted without its data, PostgreSQL killed and started: recovery without hands', async () => {
  await startWorker(20);
  const id = await orchestrator.workflows.submit(fileWorkflow(chain(0, 40, 10), { parallel_limit: 20 }));
  while (creations(id).length < 5) await sleep(5);
  await redis.kill();
  while (orchestrator.dispatcher.health().status !== 'degraded') await sleep(20);
  await redis.start();
  while (creations(id).length < 12) await sleep(5);
  await database.kill();
  await database.start();
  expect(await finished(id, 90_000)).toBe('Completed');
  expect(creations(id)).toHaveLength(40);
}, 120_000);

test('a job that waited in the queue several times runs once', async () => {
  await orchestrator.close();
  orchestrator = create(1);
  await orchestrator.open();
  const id = await orchestrator.workflows.submit(fileWorkflow({ only: [] }));
  const client = new Redis(redis.url);
  while ((await client.llen(`bull:${queueName}:wait`)) < 3) await sleep(20);
  client.disconnect();
  await startWorker(50, 1);
  expect(await finished(id, 60_000)).toBe('Completed');
  expect(effects(join(folder, 'effects')).filter((line) => line.startsWith('configure '))).toHaveLength(1);
}, 90_000);

test('what was cancelled and resumed runs again on workers, from the step where it was', async () => {
  await startWorker(150);
  const id = await orchestrator.workflows.submit(fileWorkflow({ a: [], b: ['a'] }));
  while (creations(id).length === 0) await sleep(5);
  await orchestrator.workflows.cancel(id, {});
  while (orchestrator.runtime.live(id)) await sleep(5);
  await orchestrator.workflows.resume(id);
  expect(await finished(id, 60_000)).toBe('Completed');
  expect(creations(id)).toEqual([`create ${id}/a`, `create ${id}/b`]);
}, 90_000);

test('what follows goes on where its predecessor ended, without the queue', async () => {
  const client = new Redis(redis.url);
  const queued = async () => Number((await client.get(`bull:${queueName}:id`)) ?? 0);
  await startWorker(1);
  const before = await queued();
  const id = await orchestrator.workflows.submit(fileWorkflow(chain(0, 40, 4)));
  expect(await finished(id, 60_000)).toBe('Completed');
  expect(creations(id)).toHaveLength(40);
  // The first of each of the four rows came through the queue, and what nobody had time for at once.
  expect((await queued()) - before).toBeLessThan(40);
  client.disconnect();
}, 90_000);

test('a worker that stops gives its work back at once', async () => {
  await orchestrator.close();
  orchestrator = create(300);
  await orchestrator.open();
  const first = await startWorker(500, 300);
  const id = await orchestrator.workflows.submit(fileWorkflow({ slow: [] }));
  while ((await orchestrator.workflows.operations(id))[0]!.status !== 'Running') await sleep(5);
  await startWorker(5, 300);
  first.kill('SIGTERM');
  // Not after the lease of five minutes.
  expect(await finished(id, 120_000)).toBe('Completed');
  expect(creations(id)).toHaveLength(1);
}, 60_000);

test('a worker that starts before PostgreSQL and Redis says so, waits, and works when they are there', async () => {
  await database.kill();
  await redis.kill();
  const said: string[] = [];
  const logger = createLogger('orchestrator-worker', { level: 'silent' });
  logger.warn = ((message: string) => void said.push(message)) as typeof logger.warn;
  const settings = defaultSettings(folder);
  settings.storage.type = 'postgres';
  settings.storage.postgres.url = database.url;
  settings.redis.url = redis.url;
  const starting = runWorker({
    settings,
    logger,
    version: '0.0.0',
    moduleUrl: import.meta.url,
    executor: new FileProvider(join(folder, 'effects')),
  });
  const told = async (server: string) => {
    while (!said.some((message) => message.startsWith(`waiting for ${server}: `))) await sleep(20);
  };
  await told('PostgreSQL');
  await database.start();
  await told('Redis');
  await redis.start();
  const worker = await starting;
  const id = await orchestrator.workflows.submit(fileWorkflow({ only: [] }));
  expect(await finished(id, 60_000)).toBe('Completed');
  await worker.stop();
}, 90_000);

test('12 §14 server.workers is how many steps one worker process runs at once, of whatever is ready', async () => {
  const settings = defaultSettings(folder);
  expect(settings.server.workers).toBe(4);
  settings.server.workers = 3;
  settings.storage.type = 'postgres';
  settings.storage.postgres.url = database.url;
  settings.redis.url = redis.url;
  let running = 0;
  const atOnce: number[] = [];
  const full = Promise.withResolvers<void>();
  class Held extends FileProvider {
    override async run(execution: Execution): Promise<unknown> {
      atOnce.push(++running);
      if (running === 3) full.resolve();
      try {
        // The first three end only when all of them are there.
        await full.promise;
        return await super.run(execution);
      } finally {
        running--;
      }
    }
  }
  const worker = await runWorker({
    settings,
    logger: createLogger('orchestrator-worker', { level: 'silent' }),
    version: '0.0.0',
    moduleUrl: import.meta.url,
    executor: new Held(join(folder, 'effects')),
  });
  const id = await orchestrator.workflows.submit(fileWorkflow(chain(0, 12, 12), { parallel_limit: 12 }));
  expect(await finished(id, 60_000)).toBe('Completed');
  expect(atOnce).toHaveLength(12);
  expect(Math.max(...atOnce)).toBe(3);
  await worker.stop();
}, 90_000);

test('workers join and leave while a workflow runs: the new ones share it, what the killed one had is taken over', async () => {
  await orchestrator.close();
  orchestrator = create(2);
  await orchestrator.open();
  const first = await startWorker(20, 2);
  const submit = () => orchestrator.workflows.submit(fileWorkflow(chain(0, 60, 20), { parallel_limit: 40 }));
  const ids = [await submit()];
  while (creations(ids[0]!).length < 5) await sleep(5);
  const second = await startWorker(20, 2);
  await startWorker(20, 2);
  const sharing = () => orchestrator.dispatcher.workers().filter(({ completed }) => completed > 0).length;
  while (sharing() < 3) {
    if (creations(ids.at(-1)!).length >= 40) ids.push(await submit());
    await sleep(20);
  }
  ids.push(await submit());
  while (creations(ids.at(-1)!).length < 5) await sleep(5);
  second.kill('SIGTERM');
  first.kill('SIGKILL');
  for (const id of ids) {
    expect(await finished(id, 120_000)).toBe('Completed');
    expect(creations(id)).toHaveLength(60);
  }
}, 180_000);
