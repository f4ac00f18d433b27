import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startPostgres, type TestServer } from '../testing/servers.fixture.ts';
import { storeContract } from './contract.fixture.ts';
import { PostgresStore } from './postgres/store.ts';
import { SqliteStore } from './sqlite/store.ts';
import type { Store } from './store.ts';

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

describe.each(Object.keys(kinds))('store %s', (kind) => {
  let store: Store;
  const open = async () => {
    store = kinds[kind]!();
    await store.open();
    return store;
  };
  beforeAll(open);
  afterAll(() => store.close());

  test.each(storeContract)('$name', async ({ run }) => {
    await run(store, async () => {
      await store.close();
      return open();
    });
    expect(store.type).toBe(kind);
  });
});

test('a second orchestrator does not get the same PostgreSQL database', async () => {
  const first = new PostgresStore({ url: server.url });
  await first.open();
  const second = new PostgresStore({ url: server.url });
  await expect(second.open()).rejects.toMatchObject({ code: 'ALREADY_RUNNING' });
  await first.close();
});

test('PostgreSQL: a worker joins without waiting for a write that is under way', async () => {
  const first = new PostgresStore({ url: server.url });
  await first.open();
  const second = new PostgresStore({ url: server.url, exclusive: false });
  try {
    await first.sql.begin(async (write) => {
      await write.unsafe('LOCK TABLE workflows, events, records IN ROW EXCLUSIVE MODE');
      await second.open();
    });
  } finally {
    await second.close();
    await first.close();
  }
});
