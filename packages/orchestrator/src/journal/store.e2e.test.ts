import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startPostgres, type TestServer } from '../testing/servers.fixture.ts';
import { PostgresStore } from './postgres/store.ts';
import { SqliteStore } from './sqlite/store.ts';
import type { Store, WorkflowRow } from './store.ts';

let server: TestServer;
let folder: string;
beforeAll(async () => {
  server = await startPostgres();
  folder = mkdtempSync(join(tmpdir(), 'provisioning-store-'));
});
afterAll(async () => {
  await server.end();
  rmSync(folder, { recursive: true, force: true });
});

const kinds: Record<string, () => Store> = {
  sqlite: () => new SqliteStore(join(folder, 'orchestrator.db')),
  postgres: () => new PostgresStore({ url: server.url }),
};

function row(number: number, more: Partial<WorkflowRow> = {}): WorkflowRow {
  return {
    number,
    id: `id-${number}`,
    name: `name ${number}`,
    kind: 'custom',
    status: 'Pending',
    phase: 'queued',
    workspace: null,
    infra: 'demo',
    createdBy: 'local',
    createdAt: 1000 + number,
    startedAt: null,
    completedAt: null,
    updatedAt: 1000 + number,
    definition: '{"name":"x"}',
    submission: '{}',
    summary: '{}',
    ...more,
  };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe.each(Object.keys(kinds))('store %s', (kind) => {
  let store: Store;
  beforeAll(async () => {
    store = kinds[kind]!();
    await store.open();
  });
  afterAll(() => store.close());

  test('gives back what was appended, also to a second opening', async () => {
    await store.append({
      workflows: [row(1), row(2, { status: 'Completed', phase: 'done', infra: null })],
      entries: [
        { sequence: 1, workflow: 1, event: { type: 'WorkflowSubmitted', at: 1001 } },
        { sequence: 2, workflow: 1, event: { type: 'OperationStarted', at: 1002, op: 0, attempt: 1 } },
        {
          sequence: 3,
          workflow: 2,
          event: { type: 'StepCompleted', at: 1003, op: 4, step: "it's", result: { a: [1, null, '☃'] } },
        },
      ],
      records: [
        { kind: 'k', id: 'a', data: '1' },
        { kind: 'k', id: 'a', data: '2' },
        { kind: 'k', id: 'b', data: '3', expiresAt: 5 },
      ],
    });
    await store.close();
    store = kinds[kind]!();
    await store.open();
    expect(await store.position()).toEqual({ sequence: 3, workflow: 2 });
    expect(await store.workflow('id-1')).toEqual(row(1));
    expect((await collect(store.events(1, 0))).map(({ event }) => event.type)).toEqual([
      'WorkflowSubmitted',
      'OperationStarted',
    ]);
    expect((await store.journal(2, 10))[0]).toEqual({
      sequence: 3,
      workflow: 2,
      event: { type: 'StepCompleted', at: 1003, op: 4, step: "it's", result: { a: [1, null, '☃'] } },
    });
    expect(await store.record('k', 'a')).toBe('2');
    expect((await store.unfinished()).map(({ number }) => number)).toEqual([1]);
  });

  test('later rows replace status and keep the definition; deletions and filters work', async () => {
    await store.append({
      workflows: [
        row(1, {
          status: 'Running',
          phase: 'running',
          startedAt: 5,
          definition: undefined,
          submission: undefined,
        }),
      ],
      entries: [],
      records: [{ kind: 'k', id: 'a', data: undefined }],
    });
    expect(await store.workflow('id-1')).toEqual(
      row(1, { status: 'Running', phase: 'running', startedAt: 5 }),
    );
    expect(await store.record('k', 'a')).toBeUndefined();
    const page = { limit: 10, offset: 0, descending: true };
    expect((await store.workflows({ status: ['Running'], infra: 'demo' }, page)).rows).toHaveLength(1);
    expect(await store.workflows({ status: ['Failed'] }, page)).toEqual({ rows: [], total: 0 });
    expect((await store.workflows({}, page)).rows.map(({ number }) => number)).toEqual([2, 1]);
    expect(await store.counts(0)).toEqual(
      expect.arrayContaining([{ status: 'Completed', kind: 'custom', count: 1 }]),
    );
  });

  test('removal takes the journal and expired records with it', async () => {
    await store.remove([2], 10);
    expect(await store.workflow('id-2')).toBeUndefined();
    expect(await store.journal(2, 10)).toEqual([]);
    expect(await store.records('k')).toEqual([]);
    expect(await store.size()).toBeGreaterThan(0);
    await store.ping();
  });
});

test('a second orchestrator does not get the same PostgreSQL database', async () => {
  const first = new PostgresStore({ url: server.url });
  await first.open();
  const second = new PostgresStore({ url: server.url });
  await expect(second.open()).rejects.toMatchObject({ code: 'ALREADY_RUNNING' });
  await first.close();
});
