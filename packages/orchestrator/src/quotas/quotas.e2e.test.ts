import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { FileProvider } from '../testing/file-provider.ts';
import { startTestService, type TestService } from '../testing/service.fixture.ts';

let folder: string;
let service: TestService;

/** Ann and Bob, by their tokens. */
const authenticate = async (user: string) => ({
  user,
  roles: user === 'root' ? ['Admin'] : user === 'dan' ? ['Operator', 'Developer'] : ['Operator'],
  mfaVerified: true,
});

async function start(): Promise<void> {
  service = await startTestService(
    (settings) => {
      settings.mode = 'multiuser';
      settings.quotas = {
        overrides: { bob: { servers: null }, Developer: { servers: 12, cores: 8 }, Viewer: { cores: 1 } },
      };
    },
    {
      folder,
      authenticate,
      executor: new FileProvider(join(folder, 'effects'), 20, ['server.', 'file.']),
    },
  );
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'provisioning-quotas-'));
  await start();
});
afterEach(() => service.end());

function servers(type: string, from: number, count: number, size: object = {}, more: object = {}): object {
  return {
    ...{ name: 'servers', version: '1.0.0', infra: 'shop', ...more },
    operations: Array.from({ length: count }, (_, index) => {
      const server = { hostname: `web-${from + index}`, provider: 'local', cores: 1, memory: 1024, ...size };
      return { id: `op-${index}`, type, input: { server } };
    }),
  };
}

async function submit(definition: object, user = 'ann'): Promise<{ status: number; body: any }> {
  return service.call('POST', '/api/v1/workflows/submit', definition, { authorization: `Bearer ${user}` });
}

async function done(definition: object): Promise<string> {
  const { body } = await submit(definition);
  const id = body.data.workflow_id as string;
  await service.orchestrator.workflows.ended(id);
  return id;
}

const used = () => service.orchestrator.quotas.used('ann').servers;

test('with nine servers two more are refused whole; of two requests for the last slot one succeeds', async () => {
  await done(servers('server.create', 0, 9));
  const refused = await submit(servers('server.create', 9, 2));
  expect(refused).toMatchObject({
    status: 403,
    body: {
      error: {
        code: 'QUOTA_EXCEEDED',
        message: 'Quota exceeded (multiuser): servers 11/10, cores 11/32, memory 11/128 GB',
        details: {
          scope: 'user',
          subject: 'ann',
          resource: 'servers',
          limit: 10,
          used: 9,
          requested: 2,
        },
      },
    },
  });
  expect(used()).toBe(9);
  const both = await Promise.all([9, 10].map((from) => submit(servers('server.create', from, 1))));
  expect(both.map(({ status }) => status).sort()).toEqual([202, 403]);
  // A server that counts already costs nothing; neither does looking what would happen.
  expect((await submit(servers('server.create', 0, 1))).status).toBe(202);
  expect((await submit(servers('server.create', 20, 5, {}, { check_mode: true }))).status).toBe(202);
  // Somebody else has a quota of their own, and bob has no limit on servers.
  expect((await submit(servers('server.create', 30, 10), 'eve')).status).toBe(202);
  expect((await submit(servers('server.create', 50, 12), 'bob')).status).toBe(202);
});

test('a batch counts with all members of its groups, short forms too', async () => {
  const batch = (type: string, count: number, more: object = {}) => ({
    ...{ name: 'batch', version: '1.0.0', infra: 'shop' },
    operations: [
      { id: 'a', type, server_configs: [{ name: 'web', plan: '', memory_gb: 2, count }], ...more },
    ],
  });
  expect((await submit(batch('server_batch', 11))).body.error.details).toMatchObject({ requested: 11 });
  expect((await submit(batch('server_create', 11))).status).toBe(403);
  await done(batch('server_batch', 4));
  expect(service.orchestrator.quotas.used('ann')).toEqual({ servers: 4, cores: 8, memory: 8 });
  await done(batch('server_batch', 4, { action: 'delete' }));
  expect(used()).toBe(0);
});

test('administrators see what everybody has and may have, others what is theirs', async () => {
  await done(servers('server.create', 0, 3, { cores: 2 }));
  const see = async (user: string, query = '') => {
    const headers = { authorization: `Bearer ${user}` };
    return (await service.call('GET', `/api/v1/quotas${query}`, undefined, headers)) as {
      status: number;
      body: any;
    };
  };
  const ann = [
    { subject: 'ann', resource: 'servers', used: 3, limit: 10 },
    { subject: 'ann', resource: 'cores', used: 6, limit: 32 },
    { subject: 'ann', resource: 'memory', used: 3, limit: 128 },
  ];
  expect((await see('root')).body.data).toEqual(ann);
  expect((await see('root', '?user=bob')).body.data[0]).toMatchObject({ subject: 'bob', limit: null });
  expect((await see('ann')).body.data).toEqual(ann);
  expect((await see('eve', '?user=ann')).status).toBe(403);
});

test('a role may have limits of its own, also after a restart', async () => {
  const limits = async () => {
    const headers = { authorization: 'Bearer root' };
    const { body } = await service.call('GET', '/api/v1/quotas?user=dan', undefined, headers);
    return body.data.map((row: any) => `${row.resource} ${row.used}/${row.limit}`);
  };
  expect((await submit(servers('server.create', 0, 9), 'dan')).body.error.details).toMatchObject({
    resource: 'cores',
    limit: 8,
  });
  const { body } = await submit(servers('server.create', 0, 8), 'dan');
  await service.orchestrator.workflows.ended(body.data.workflow_id);
  expect(await limits()).toEqual(['servers 8/12', 'cores 8/8', 'memory 8/128']);
  await service.stop();
  await start();
  expect(await limits()).toEqual(['servers 8/12', 'cores 8/8', 'memory 8/128']);
});

test('cores and memory count too', async () => {
  expect((await submit(servers('server.create', 0, 2, { cores: 17 }))).body.error.details.resource).toBe(
    'cores',
  );
  const large = servers('server.create', 0, 1, { memory: 129 * 1024 });
  expect((await submit(large)).body.error.details.resource).toBe('memory');
});

test('deletion, rollback and failure free what was reserved; the books outlive a restart', async () => {
  const id = await done(servers('server.create', 0, 10));
  expect((await submit(servers('server.create', 10, 1))).status).toBe(403);
  await done(servers('server.delete', 0, 1));
  expect(used()).toBe(9);
  await service.stop();
  await start();
  expect(used()).toBe(9);
  await service.orchestrator.workflows.rollback(id);
  for (let left = used(); left > 0; left = used()) await new Promise((resolve) => setTimeout(resolve, 20));
  const failing = servers('server.create', 0, 3) as { operations: object[] };
  failing.operations.unshift({
    id: 'first',
    type: 'file.unknown',
    timeout_seconds: 0.001,
    retry_policy: { max_attempts: 1 },
  });
  for (const operation of failing.operations.slice(1)) Object.assign(operation, { dependencies: ['first'] });
  await done(failing);
  expect(used()).toBe(0);
});
