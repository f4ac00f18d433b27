import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { configure, readCommandLine } from '../settings/configuration.ts';
import { startWorkspaceService } from '../testing/workspace.fixture.ts';

test('an orchestrator of one workspace refuses others and keeps its files there', async () => {
  const service = await startWorkspaceService((settings) => {
    settings.multi_workspace = false;
  });
  try {
    const message = "Workspace 'lab' is not served by this orchestrator";
    const workflow = { name: 'run', version: '1.0.0', operations: [{ id: 'a', type: 'file.create' }] };
    const submit = (more: object) => service.call('POST', '/api/v1/workflows', { ...workflow, ...more });
    expect((await submit({ workspace: 'lab' })).body.error).toMatchObject({
      code: 'VALIDATION_FAILED',
      message,
      details: [{ path: '/workspace' }],
    });
    expect((await submit({ workspace: 'shop' })).status).toBe(202);
    expect((await submit({})).status).toBe(202);
    const list = (workspace: string) =>
      service.call('GET', `/api/v1/servers?workspace=${workspace}&infra=production`);
    expect((await list('lab')).body.error.message).toBe(message);
    expect((await list('shop')).status).toBe(200);
    const created = await service.call('POST', '/workflows/servers/create', {
      infra: 'production',
      workspace: 'lab',
    });
    expect([created.status, created.body.error.message]).toEqual([422, message]);
    const { surroundings } = service;
    const env = { ...surroundings.env, ORCHESTRATOR_MULTI_WORKSPACE: 'false' };
    const { settings } = await configure({ ...surroundings, env }, readCommandLine([]));
    expect(settings.paths.data_dir).toMatch(join('shop', '.orchestrator', 'data'));
    expect(settings.paths.logs_dir).toMatch(join('shop', '.orchestrator', 'logs'));
  } finally {
    await service.end();
  }
});
