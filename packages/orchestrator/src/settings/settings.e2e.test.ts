import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { startTestService, type TestService } from '../testing/service.fixture.ts';
import { fileWorkflow } from '../testing/workflow.fixture.ts';

const submit = async (service: TestService, definition: object): Promise<string> =>
  (await service.call('POST', '/api/v1/workflows/submit', definition)).body.data.workflow_id;

test('a service that is switched off does not start, and leaves its folder free', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'provisioning-off-'));
  try {
    const off = startTestService((settings) => (settings.enabled = false), { folder });
    await expect(off).rejects.toThrow('platform.orchestrator.enabled is false');
    expect(existsSync(join(folder, 'data', 'orchestrator.lock'))).toBe(false);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('what is switched off answers so; the store lies where it is told to', async () => {
  const service = await startTestService((settings) => {
    settings.storage.backend_path = 'elsewhere/queue.rkvs';
    settings.monitoring.enabled = false;
    settings.rollback.enabled = false;
    settings.server.cors_enabled = false;
    settings.server.cors_origins = ['https://console.example.com'];
  });
  try {
    expect(existsSync(join(service.folder, 'data', 'elsewhere', 'orchestrator.db'))).toBe(true);
    expect((await service.call('GET', '/metrics')).status).toBe(404);
    const headers = { origin: 'https://console.example.com' };
    expect((await service.call('GET', '/api/v1/workflows', undefined, headers)).status).toBe(403);
    const id = await submit(service, fileWorkflow({ one: [] }));
    await service.orchestrator.workflows.ended(id);
    const { status, body } = await service.call('POST', '/api/v1/rollback/execute', { workflow_id: id });
    expect([status, body.error.message]).toEqual([409, expect.stringContaining('Rollback is disabled')]);
  } finally {
    await service.end();
  }
});

test('batch.timeout_seconds ends workflows that name no time of their own', async () => {
  const service = await startTestService(
    (settings) => {
      settings.batch.timeout_seconds = 0.05;
      settings.executor.cancel_grace_seconds = 0;
    },
    { pace: 2000 },
  );
  try {
    const id = await submit(service, fileWorkflow({ one: [] }));
    await service.orchestrator.workflows.ended(id);
    const { body } = await service.call('GET', `/api/v1/workflows/${id}`);
    expect(JSON.stringify(body.data)).toContain('Workflow timed out after 0.05s');
  } finally {
    await service.end();
  }
});

test('what finished workflows logged goes after retention.events_days, the records stay', async () => {
  const service = await startTestService((settings) => (settings.retention.events_days = 2));
  try {
    const id = await submit(service, fileWorkflow({ one: [] }));
    await service.orchestrator.workflows.ended(id);
    const { logs, retention } = service.orchestrator;
    logs.write(id, { at: Date.now(), level: 'INFO', operation: 'one', message: 'made' });
    await logs.settled();
    const day = 24 * 60 * 60 * 1000;
    const log = async () => (await service.call('GET', `/api/v1/workflows/${id}/logs`)).body;
    await retention.sweep(Date.now() + day);
    expect(JSON.stringify(await log())).toContain('made');
    expect(await retention.sweep(Date.now() + 3 * day)).toBe(0);
    expect(JSON.stringify(await log())).not.toContain('made');
    expect((await service.call('GET', `/api/v1/workflows/${id}`)).status).toBe(200);
  } finally {
    await service.end();
  }
});

test('checkpoints that nobody asked for go after their days, named ones stay', async () => {
  const service = await startTestService();
  try {
    const { rollbacks, retention } = service.orchestrator;
    await rollbacks.createCheckpoint('auto:restore:then');
    const named = await rollbacks.createCheckpoint('before the move');
    const day = 24 * 60 * 60 * 1000;
    await retention.sweep(Date.now() + 29 * day);
    expect(await rollbacks.checkpoints()).toHaveLength(2);
    await retention.sweep(Date.now() + 31 * day);
    expect((await rollbacks.checkpoints()).map(({ id }) => id)).toEqual([named]);
  } finally {
    await service.end();
  }
});
