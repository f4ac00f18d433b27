import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Execution } from '../execution/executor.ts';
import { FileProvider } from '../testing/file-provider.ts';
import { startTestService, type TestService } from '../testing/service.fixture.ts';
import { SocketClient } from '../testing/socket-client.fixture.ts';
import { fileWorkflow } from '../testing/workflow.fixture.ts';

/** Says what it does. */
class Talkative extends FileProvider {
  override async run(execution: Execution): Promise<unknown> {
    const say = (message: string) => execution.report({ type: 'log', level: 'info', message });
    say('begins\nwith a second line');
    const made = await super.run(execution);
    say('ends');
    return made;
  }
}

let service: TestService;
const folder = mkdtempSync(join(tmpdir(), 'provisioning-platform-'));
/** Another service of the platform. */
const peer = createServer((_request, response) =>
  response.end(JSON.stringify({ status: 'degraded', version: '7.8.9' })),
);

beforeAll(async () => {
  await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve));
  const { port } = peer.address() as AddressInfo;
  service = await startTestService(
    (settings) => {
      settings.mode = 'multiuser';
      settings.services = { vault: `http://127.0.0.1:${port}`, gone: 'http://127.0.0.1:1' };
    },
    {
      folder,
      executor: new Talkative(join(folder, 'effects'), 40),
      // `root` and `ann` have their second factor; `weak` is `root` without.
      authenticate: async (token) => ({
        user: token,
        roles: [token === 'ann' ? 'Operator' : 'Admin'],
        mfaVerified: token !== 'weak',
      }),
    },
  );
});
afterAll(async () => {
  await service.end();
  peer.closeAllConnections();
  peer.close();
});

const call = (method: string, path: string, body?: object, headers: object = {}) =>
  service.call(method, path, body, { authorization: 'Bearer root', ...headers });

async function submit(workflow: object): Promise<string> {
  return (await call('POST', '/api/v1/workflows/submit', workflow)).body.data.workflow_id as string;
}

test('labels choose among workflows, also when they have ended', async () => {
  const id = await submit(
    fileWorkflow({ a: [] }, { labels: { tier: 'web', team: 'shop' }, parallel_limit: 7 }),
  );
  await submit(fileWorkflow({ a: [] }, { labels: { tier: 'db' } }));
  const found = async (label: string) =>
    (await call('GET', `/api/v1/workflows?label=${label}`)).body.data.map((record: any) => record.id);
  expect(await found('tier:web,team:shop')).toEqual([id]);
  await service.orchestrator.workflows.ended(id);
  expect(await found('tier:web')).toEqual([id]);
  expect(await found('tier:cache')).toEqual([]);
  const { body } = await call('GET', '/api/v1/workflows?label=team:shop');
  expect(body.data[0]).toMatchObject({ labels: { tier: 'web', team: 'shop' }, parallel_limit: 7 });
  expect((await call('GET', '/api/v1/tasks?label=tier')).status).toBe(400);
});

test('tasks are listed with the tasks of their operations when asked for', async () => {
  const id = await submit(fileWorkflow({ a: [], b: [], c: [] }, { labels: { own: 'children' } }));
  const list = async (query: string) => call('GET', `/api/v1/tasks?label=own:children${query}`);
  expect((await list('')).body.data).toHaveLength(1);
  const { body, headers } = await list('&include=children&limit=3');
  expect(body.data.map((task: any) => task.root_id)).toEqual([id, id, id]);
  expect(body.data.map((task: any) => task.parent_id)).toEqual([undefined, id, id]);
  expect(headers.get('x-total-count')).toBe('4');
  expect(headers.get('link')).toContain('label=own%3Achildren&include=children&offset=3&limit=3');
  expect((await list('&include=uncles')).status).toBe(400);
});

test('a log that is followed comes in pieces and ends with the workflow', async () => {
  const id = await submit(fileWorkflow({ a: [], b: ['a'], c: ['b'], d: ['c'] }));
  const response = await fetch(`${service.url}/api/v1/tasks/${id}/logs?follow=true`, {
    headers: { authorization: 'Bearer root' },
  });
  expect(response.headers.get('transfer-encoding')).toBe('chunked');
  const text = await response.text();
  const { body: whole } = await call('GET', `/api/v1/tasks/${id}/logs`);
  expect(text).toBe(whole);
  expect(text.trim().split('\n').length).toBe(12);
  const { body: own } = await call('GET', `/api/v1/workflows/${id}/logs?operation=b`);
  expect(own).toContain(' b ');
  expect(own).not.toMatch(/INFO +[acd] /);
  const ended = await fetch(`${service.url}/api/v1/workflows/${id}/logs?follow=true&tail=1`, {
    headers: { authorization: 'Bearer root' },
  });
  expect(await ended.text()).toBe(`${text.trimEnd().split('\n').at(-1)}\n`);
  expect((await call('GET', '/api/v1/tasks/nobody/logs?follow=true')).status).toBe(404);
});

test('settings that may change do, others say that they need a restart, and everybody is told', async () => {
  const socket = new SocketClient(service, '?events=ConfigurationChanged&token=root');
  await socket.until((client) => client.socket.readyState === 1);
  const change = (body: object, user = 'root') =>
    call('POST', '/api/v1/config', body, { authorization: `Bearer ${user}` });
  const { status, body } = await change({ key: 'queue.max_concurrent_tasks', value: 3 });
  expect([status, body.data]).toEqual([200, { changed: ['queue.max_concurrent_tasks'] }]);
  expect((await call('GET', '/api/v1/queue/status')).body.data.max_concurrent).toBe(3);
  const shown = (await call('GET', '/api/config')).body.data;
  expect([shown.settings.queue.max_concurrent_tasks, shown.origins['queue.max_concurrent_tasks']]).toEqual([
    3,
    'api',
  ]);
  await socket.until(({ events }) => events.length > 0);
  expect(socket.events[0].data).toEqual({
    key: 'queue.max_concurrent_tasks',
    old_value: 5,
    new_value: 3,
  });
  socket.socket.close();
  const restart = await change({ values: { 'queue.max_concurrent_tasks': 4, 'server.port': 1 } });
  expect([restart.status, restart.body.error.message]).toEqual([422, "Key 'server.port' needs a restart"]);
  expect((await change({ key: 'queue.max_concurrent_tasks', value: 0 })).status).toBe(422);
  expect((await change({ key: 'logging.level', value: 'silly' })).status).toBe(422);
  expect((await call('GET', '/api/v1/queue/status')).body.data.max_concurrent).toBe(3);
  expect((await change({ key: 'logging.level', value: 'info' }, 'ann')).body.error.code).toBe('FORBIDDEN');
  expect((await change({ key: 'logging.level', value: 'info' }, 'weak')).body.error.code).toBe(
    'MFA_REQUIRED',
  );
});

test('the services that are known, and this one among those of its store', async () => {
  const { body } = await call('GET', '/api/v1/services');
  expect(body.data).toEqual([
    expect.objectContaining({ name: 'orchestrator', url: service.url, status: 'healthy' }),
    expect.objectContaining({ name: 'vault', status: 'degraded', version: '7.8.9' }),
    expect.objectContaining({ name: 'gone', status: 'unreachable', latency_ms: null }),
  ]);
  const { data } = (await call('GET', '/api/v1/cluster/status')).body;
  expect(data).toMatchObject({ mode: 'multiuser', quorum: true, nodes: [{ state: 'healthy' }] });
  expect(data.leader).toBe(data.nodes[0].id);
  const asked = async (name: string) =>
    (await call('GET', '/health', undefined, { 'x-service': name })).body.peer;
  expect(await asked('vault')).toMatchObject({ service: 'vault', reachable: true });
  expect(await asked('gone')).toEqual({ service: 'gone', reachable: false, latency_ms: null });
});

test('below /production the environment is that one, and what is sensitive there needs a second factor', async () => {
  const { body } = await call('POST', '/api/v1/production/workflows/submit', fileWorkflow({ a: [] }));
  const id = body.data.workflow_id as string;
  expect((await call('GET', `/v1/production/workflows/${id}`)).body.data.environment).toBe('production');
  const update = (path: string, extra: object = {}) =>
    call('POST', path, { infra: 'nowhere', ...extra }, { authorization: 'Bearer weak' });
  expect((await update('/api/v1/production/workflows/update')).body.error.code).toBe('MFA_REQUIRED');
  expect((await update('/workflows/update', { environment: 'production' })).body.error.code).toBe(
    'MFA_REQUIRED',
  );
  // No second factor is asked for; whether there is such an infrastructure is another matter.
  expect((await update('/workflows/update')).body.error.code).not.toBe('MFA_REQUIRED');
  expect((await call('GET', '/api/v1/production')).status).toBe(404);
});

test('records carry a tag: unchanged ones are not sent again, changed ones not cancelled by mistake', async () => {
  const id = await submit(fileWorkflow({ a: [] }));
  const running = (await call('GET', `/api/v1/tasks/${id}`)).headers.get('etag')!;
  await service.orchestrator.workflows.ended(id);
  const { headers } = await call('GET', `/api/v1/tasks/${id}`);
  const etag = headers.get('etag')!;
  expect(etag).not.toBe(running);
  const again = await call('GET', `/api/v1/tasks/${id}`, undefined, { 'if-none-match': `"x", ${etag}` });
  expect([again.status, again.body]).toEqual([304, '']);
  const remove = (tag: string) => call('DELETE', `/api/v1/workflows/${id}`, undefined, { 'if-match': tag });
  expect((await remove(running)).body.error.code).toBe('PRECONDITION_FAILED');
  const record = (await call('GET', `/api/v1/workflows/${id}`)).headers.get('etag')!;
  expect((await remove(record)).status).toBe(204);
});

test('a body may name its level, and who asks for the vendor type gets it', async () => {
  const body = { ...fileWorkflow({ a: [] }), api_version: 'v2' };
  expect((await call('POST', '/api/v1/workflows/submit', body)).headers.get('api-version')).toBe('v2');
  const unknown = { ...fileWorkflow({ a: [] }), api_version: 'v9' };
  expect((await call('POST', '/api/v1/workflows/submit', unknown)).status).toBe(400);
  const vendor = 'application/vnd.provisioning.v3+json';
  expect(
    (await call('GET', '/api/v1/tasks', undefined, { accept: vendor })).headers.get('content-type'),
  ).toContain(vendor);
});

test('metrics need no token from this machine, the description does, and the counters of the limits are shown', async () => {
  expect((await service.call('GET', '/metrics')).status).toBe(200);
  expect((await service.call('GET', '/api/v1/openapi.json')).status).toBe(401);
  const { rate_limit } = (await call('GET', '/api/v1/status')).body.data;
  expect(rate_limit.total_requests).toBeGreaterThan(0);
});
