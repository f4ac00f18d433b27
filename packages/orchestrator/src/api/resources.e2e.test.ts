import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { effects } from '../testing/file-provider.ts';
import type { TestService } from '../testing/service.fixture.ts';
import { startWorkspaceService } from '../testing/workspace.fixture.ts';

let service: TestService;
beforeAll(async () => {
  service = await startWorkspaceService();
});
afterAll(() => service.end());

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

async function finished(id: string): Promise<any> {
  await service.orchestrator.workflows.ended(id);
  return (await service.call('GET', `/api/v1/workflows/${id}`)).body.data;
}

describe('verbs', () => {
  test('13.A3 a server workflow is accepted at once with its task id and Location', async () => {
    const body = { infra: 'production', wait: true };
    const { status, body: answer, headers } = await service.call('POST', '/workflows/servers/create', body);
    expect(status).toBe(202);
    expect(answer.data).toMatch(uuid);
    expect(headers.get('location')).toBe(`/api/v1/tasks/${answer.data}`);
    const task = await service.call('GET', `/tasks/${answer.data}`);
    expect(task.body.data).toMatchObject({ id: answer.data, infra: 'production', workspace: 'shop' });
    const workflow = await finished(answer.data);
    expect(workflow).toMatchObject({ status: 'Completed', kind: 'server' });
    expect(workflow.operations.map(({ id }: any) => id)).toEqual(['server-web-01', 'server-db-01']);
    expect(effects(service.effects)).toContain(`create ${answer.data}/server-web-01`);
  });

  test('the answer has the shape of the level, and check_mode changes nothing', async () => {
    const before = effects(service.effects).length;
    const body = { infra: 'production', servers: ['db-01'], check_mode: true };
    const path = '/api/v1/workflows/servers/create';
    const { body: answer } = await service.call('POST', path, body, { 'api-version': 'v2' });
    expect(answer.data).toMatchObject({ task_id: answer.data.workflow_id, status: 'queued' });
    const workflow = await finished(answer.data.task_id);
    expect(workflow.operations).toHaveLength(1);
    expect(workflow.operations[0].results).toBeDefined();
    expect(effects(service.effects)).toHaveLength(before);
  });

  test('unknown infrastructures and servers are 404, wrong bodies 422 with details', async () => {
    const path = '/api/v1/workflows/servers/create';
    const infra = await service.call('POST', path, { infra: 'nope' });
    expect(infra.status).toBe(404);
    expect(infra.body.metadata.request_id).toBe(infra.headers.get('x-request-id'));
    const server = await service.call('POST', path, { infra: 'production', servers: ['web-99'] });
    expect(server.status).toBe(404);
    expect(server.body.error.message).toBe('Server not found: web-99');
    const empty = await service.call('POST', path, {});
    expect(empty.status).toBe(422);
    expect(empty.body.error.details.length).toBeGreaterThan(0);
    const outside = await service.call('POST', path, { infra: 'production', settings: '../x.toml' });
    expect(outside.status).toBe(422);
  });

  test('older bodies are understood', async () => {
    const typed = { type: 'server_create', infra: 'staging', params: { servers: ['web-01'] } };
    const first = await service.call('POST', '/workflows/servers/create', typed);
    expect((await finished(first.body.data)).operations).toHaveLength(1);
    const named = {
      name: 'extra-01',
      provider: 'local',
      config: { plan: 'medium', zone: 'auto' },
      infra: 'staging',
    };
    const second = await service.call('POST', '/workflows/servers/create', named);
    const { operations } = await finished(second.body.data);
    expect(operations[0].id).toBe('server-extra-01');
  });

  test('deletions, restarts and updates are workflows too; unknown verbs are refused', async () => {
    const remove = { infra: 'production', servers: ['web-01'] };
    const deleted = await service.call('POST', '/workflows/servers/delete', remove);
    expect((await finished(deleted.body.data)).operations[0].type).toBe('server.delete');
    const restarted = await service.call('POST', '/workflows/servers/restart', remove);
    expect((await finished(restarted.body.data)).operations[0].type).toBe('server.restart');
    const resize = await service.call('POST', '/workflows/servers/resize', remove);
    expect(resize.body.error.message).toBe('a resize needs a plan');
    const wrong = await service.call('POST', '/workflows/servers/explode', remove);
    expect(wrong.status).toBe(422);
    expect(wrong.body.error.message).toBe('Unsupported operation: explode');
  });

  test('taskservs go to the servers that define them, or to the named ones', async () => {
    const path = '/api/v1/workflows/taskserv/create';
    const defined = await service.call('POST', path, { taskserv: 'redis', infra: 'production' });
    const workflow = await finished(defined.body.data);
    expect(workflow.operations.map(({ id }: any) => id)).toEqual(['web-01.redis']);
    const named = { taskserv: 'redis', infra: 'production', servers: ['db-01'], version: '7.0.15' };
    const other = await finished((await service.call('POST', path, named)).body.data);
    expect(other.operations.map(({ id }: any) => id)).toEqual(['db-01.redis']);
    const wrong = { taskserv: 'redis', infra: 'production', operation: 'dance' };
    const refused = await service.call('POST', path, wrong);
    expect(refused.status).toBe(422);
    expect(refused.body.error.message).toBe('Unsupported operation: dance');
    const unknown = await service.call('POST', path, { taskserv: 'nope', infra: 'production' });
    expect(unknown.status).toBe(404);
  });

  test('provision makes servers first, then what is on them', async () => {
    const { status, body } = await service.call('POST', '/provision', {
      workspace: 'shop',
      infra: 'staging',
    });
    expect(status).toBe(202);
    const { operations } = await finished(body.data.workflow_id);
    const redis = operations.find(({ id }: any) => id === 'web-01.redis');
    expect(redis.dependencies).toEqual([{ id: 'server-web-01', kind: 'hard' }]);
  });
});

describe('resources', () => {
  test('13.A10 a server without a name is refused with the text, an unknown plan too', async () => {
    const { status, body } = await service.call('POST', '/api/v1/servers', { name: '', plan: 'x' });
    expect(status).toBe(422);
    expect(body.error.message).toBe('Name cannot be empty');
    const plan = await service.call('POST', '/api/v1/servers', {
      name: 'app-01',
      plan: 'x',
      infra: 'production',
    });
    expect(plan.status).toBe(422);
    expect(plan.body.error.message).toMatch(/^Invalid plan/);
  });

  test('a server is created by name; the answer says that the definition does not have it', async () => {
    const body = { name: 'app-01', plan: 'small', infra: 'production' };
    const { status, body: answer } = await service.call('POST', '/api/v1/servers', body);
    expect(status).toBe(202);
    expect(answer.data).toMatchObject({ name: 'app-01', plan: 'small', zone: 'auto', status: 'pending' });
    expect(answer.data.warnings[0]).toContain('not in the definition');
    expect((await finished(answer.data.task_id)).status).toBe('Completed');
    const v3 = await service.call('POST', '/servers/create', body, { 'api-version': 'v3' });
    expect(v3.body.data).toMatchObject({ batch_id: v3.body.data.task_id, status: 'queued' });
    await finished(v3.body.data.task_id);
  });

  test('lists are those of the state; unknown names are 404', async () => {
    for (const path of ['/servers', '/taskservs', '/taskserv', '/clusters', '/cluster']) {
      const { status, body, headers } = await service.call('GET', `/api/v1${path}?infra=production`);
      expect(status).toBe(200);
      expect(body.data).toEqual([]);
      expect(headers.get('x-total-count')).toBe('0');
    }
    for (const path of ['/servers/x', '/servers/x/status', '/taskservs/a%2Fb', '/clusters/x']) {
      expect((await service.call('GET', `/api/v1${path}`)).status).toBe(404);
    }
    expect((await service.call('DELETE', '/api/v1/servers/x')).status).toBe(404);
  });
});
