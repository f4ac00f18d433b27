import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { FileProvider } from '../testing/file-provider.ts';
import { startTestService, type TestService } from '../testing/service.fixture.ts';
import { SocketClient } from '../testing/socket-client.fixture.ts';

let service: TestService;

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'provisioning-changes-'));
  const executor = new FileProvider(join(folder, 'effects'), 2, ['server.', 'taskserv.']);
  service = await startTestService(undefined, { folder, executor });
});
afterAll(() => service.end());

const server = (hostname: string) => ({ hostname, provider: 'local', cores: 1, memory: 1024 });

async function run(operations: readonly object[], more: object = {}): Promise<string> {
  const definition = { name: 'changes', version: '1.0.0', infra: 'shop', operations, ...more };
  const { body } = await service.call('POST', '/api/v1/workflows/submit', definition);
  await service.orchestrator.workflows.ended(body.data.workflow_id);
  return body.data.workflow_id;
}

test('what comes to be and what is gone is told, also when it is undone; looking tells nothing', async () => {
  const client = new SocketClient(service, '?events=system');
  await once(client.socket, 'open');
  const told = () =>
    client.events
      .filter(({ event_type }) => event_type.startsWith('Resource'))
      .map(
        ({ event_type, data }) => `${event_type} ${data.provider} ${data.resource_type} ${data.resource_id}`,
      );
  const until = (count: number) => client.until(() => told().length >= count);
  await run([{ id: 'look', type: 'server.create', input: { server: server('seen') } }], { check_mode: true });
  const id = await run([
    { id: 'server', type: 'server.create', input: { server: server('web-01') } },
    {
      id: 'service',
      type: 'taskserv.create',
      dependencies: ['server'],
      input: { server: server('web-01'), taskserv: { name: 'redis' } },
    },
    {
      id: 'more',
      type: 'server_batch',
      dependencies: ['service'],
      server_configs: [{ ...server('db'), count: 2 }],
    },
  ]);
  await until(4);
  expect(told()).toEqual([
    'ResourceCreated local server web-01',
    'ResourceCreated local taskserv web-01/redis',
    'ResourceCreated local server db-01',
    'ResourceCreated local server db-02',
  ]);
  await run([
    { id: 'away', type: 'server_batch', action: 'delete', server_configs: [{ ...server('db'), count: 2 }] },
  ]);
  await until(6);
  expect(told().slice(4)).toEqual([
    'ResourceDeleted local server db-01',
    'ResourceDeleted local server db-02',
  ]);
  await service.orchestrator.workflows.rollback(id, { operations: ['service'], includeDependents: true });
  await until(7);
  expect(told().slice(6)).toEqual(['ResourceDeleted local taskserv web-01/redis']);
  client.socket.close();
}, 60_000);
