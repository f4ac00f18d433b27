import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { PostgresStore } from '../journal/postgres/store.ts';
import { SqliteStore } from '../journal/sqlite/store.ts';
import { list, show } from '../offline/show.ts';
import { defaultSettings } from '../settings/defaults.ts';
import { effects } from '../testing/file-provider.ts';
import { startPostgres, type TestServer } from '../testing/servers.fixture.ts';
import { startTestService, type TestService } from '../testing/service.fixture.ts';
import { fileWorkflow } from '../testing/workflow.fixture.ts';
import { readStoreMark } from './marker.ts';

let server: TestServer;
let folder: string;
let service: TestService;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.end());
afterEach(async () => {
  await service.end();
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<void> {
  folder ??= mkdtempSync(join(tmpdir(), 'provisioning-migration-'));
  service = await startTestService(
    (settings) => {
      settings.storage.postgres.url = server.url;
      settings.queue.max_concurrent_tasks = 50;
    },
    { folder },
  );
}

const workflow = fileWorkflow({ a: [], b: ['a'], c: ['b'] });

async function submit(): Promise<string> {
  const { status, body } = await service.call('POST', '/api/v1/workflows/submit', workflow);
  expect(status).toBe(202);
  return body.data.workflow_id as string;
}

async function settled(): Promise<any> {
  for (;;) {
    const { body } = await service.call('GET', '/api/v1/store/migration');
    if (body.data.status !== 'running') return body.data;
    await sleep(20);
  }
}

async function emptyPostgres(): Promise<void> {
  const store = new PostgresStore({ url: server.url });
  await store.open();
  await store.clear();
  await store.close();
}

/** What the old store holds is what was accepted before the switch. */
async function everyEventWasCopied(): Promise<void> {
  const old = new SqliteStore(join(folder, 'data', 'orchestrator.db'), { readOnly: true });
  const moved = new PostgresStore({ url: server.url, exclusive: false, readOnly: true });
  await Promise.all([old.open(), moved.open()]);
  const [before, after] = await Promise.all([old.journal(0, 1e6), moved.journal(0, 1e6)]);
  await Promise.all([old.close(), moved.close()]);
  expect(before.length).toBeGreaterThan(100);
  expect(after.slice(0, before.length)).toEqual(before);
}

/** With the service stopped its program reads whichever store is in force (12 §16). */
async function readsTheMovedStore(ids: readonly string[]): Promise<void> {
  const settings = defaultSettings(join(folder, 'data'));
  settings.storage.postgres.url = server.url;
  const options = { settings, version: '0.0.0-test', moduleUrl: import.meta.url };
  expect(await list({ status: ['completed'], limit: 2 }, options)).toMatchObject({
    counts: { Completed: ids.length },
    workflows: [{ id: ids.at(-1), status: 'Completed' }, { id: ids.at(-2) }],
  });
  expect(await show({ workflow: ids[0] }, options)).toMatchObject({
    id: ids[0],
    operations: [{ status: 'Completed' }, { status: 'Completed' }, { status: 'Completed' }],
  });
}

describe('12.A13 store migration', () => {
  test('a path that does not exist is refused', async () => {
    folder = mkdtempSync(join(tmpdir(), 'provisioning-migration-'));
    await start();
    const { status, body } = await service.call('POST', '/api/v1/store/migration', {
      from: 'sqlite',
      to: 'mysql',
    });
    expect(status).toBe(422);
    expect(body.error.message).toBe('Unsupported migration path: sqlite → mysql');
  });

  test('a copy that was corrupted fails the verification; the old store stays in force', async () => {
    folder = mkdtempSync(join(tmpdir(), 'provisioning-migration-'));
    await start();
    const ids = [await submit(), await submit()];
    for (const id of ids) await service.orchestrator.workflows.ended(id);
    const { migrations, store } = service.orchestrator;
    const { status, done } = migrations.begin({ to: 'postgres' }, async (phase) => {
      if (phase !== 'verify') return;
      const other = new PostgresStore({ url: server.url, exclusive: false });
      await other.open();
      await other.sql.unsafe(`UPDATE workflows SET status = 'Failed' WHERE id = '${ids[0]!}'`);
      await other.close();
    });
    await done;
    expect(status).toMatchObject({
      status: 'failed',
      error: { message: `Migration verification failed: Status mismatch for workflow ${ids[0]!}` },
    });
    expect(store.type).toBe('sqlite');
    expect(readStoreMark(join(folder, 'data'))).toBeUndefined();
    await service.orchestrator.workflows.ended(await submit());
  });

  test('under load the API answers all the time and no workflow is lost; the next start opens the new store', async () => {
    folder = mkdtempSync(join(tmpdir(), 'provisioning-migration-'));
    await start();
    // The interrupted migration of the test before has left its mark: the target is emptied, not refused.
    const ids: string[] = [];
    let loading = true;
    const load = (async () => {
      while (loading) {
        ids.push(await submit());
        const health = await service.call('GET', '/health');
        expect(health.status).toBe(200);
        // Less than any machine manages: what is shown is not how much it bears.
        await sleep(20);
      }
    })();
    try {
      while (ids.length < 20) await sleep(5);
      const begun = await service.call('POST', '/api/v1/store/migration', { from: 'sqlite', to: 'postgres' });
      expect(begun.status).toBe(202);
      const ended = await settled();
      expect(ended).toMatchObject({ status: 'completed', result: { from: 'sqlite', to: 'postgres' } });
      const before = ids.length;
      while (ids.length < before + 10) await sleep(5);
    } finally {
      loading = false;
      await load;
    }
    for (const id of ids) await service.orchestrator.workflows.ended(id);
    expect(service.orchestrator.store.type).toBe('postgres');
    expect(readStoreMark(join(folder, 'data'))).toMatchObject({ type: 'postgres', from: 'sqlite' });
    await service.stop();

    await start();
    expect(service.orchestrator.store.type).toBe('postgres');
    const { total } = await service.orchestrator.workflows.list(
      { status: ['Completed'] },
      { limit: 1, offset: 0, descending: true },
    );
    expect(total).toBe(ids.length);
    const created = effects(service.effects).filter((line) => line.startsWith('create '));
    expect(created).toHaveLength(3 * ids.length);
    expect(new Set(created).size).toBe(created.length);
    await service.stop();
    await everyEventWasCopied();
    await readsTheMovedStore(ids);
    await emptyPostgres();
  });

  test('a target that holds other records is refused', async () => {
    folder = mkdtempSync(join(tmpdir(), 'provisioning-migration-'));
    const other = new PostgresStore({ url: server.url });
    await other.open();
    await other.append({ entries: [], workflows: [], records: [{ kind: 'k', id: 'a', data: '1' }] });
    await other.close();
    await start();
    await service.call('POST', '/api/v1/store/migration', { to: 'postgres' });
    expect(await settled()).toMatchObject({
      status: 'failed',
      error: { message: 'target is not empty: the postgres store holds other records' },
    });
    await emptyPostgres();
  });
});
