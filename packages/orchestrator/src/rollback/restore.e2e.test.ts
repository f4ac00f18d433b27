import { afterEach, expect, test } from '@jest/globals';
import { effects } from '../testing/file-provider.ts';
import { startTestService, type TestService } from '../testing/service.fixture.ts';
import { fileWorkflow } from '../testing/workflow.fixture.ts';

let service: TestService;
afterEach(() => service.end());

const submit = async (edges: Record<string, string[]>): Promise<string> => {
  const { body } = await service.call('POST', '/api/v1/workflows/submit', fileWorkflow(edges));
  return body.data.workflow_id as string;
};
const ended = async (edges: Record<string, string[]>): Promise<string> => {
  const id = await submit(edges);
  await service.orchestrator.workflows.ended(id);
  return id;
};
const checkpoint = async (name: string): Promise<string> =>
  (await service.call('POST', '/api/v1/rollback/checkpoints', { name })).body.data as string;
const restore = (id: string) => service.call('POST', `/api/v1/rollback/restore/${id}`);
const workflows = async () => (await service.call('GET', '/api/v1/workflows')).body.data as object[];

test('12.A11 a checkpoint is restored only while nothing runs; the records are those of then, no provider is called', async () => {
  service = await startTestService(undefined, { pace: 30 });
  const first = await ended({ a: [], b: ['a'] });
  const then = await workflows();
  const id = await checkpoint('before');

  const running = await submit({ c: [], d: ['c'], e: ['d'] });
  const refused = await restore(id);
  expect(refused.status).toBe(409);
  expect(refused.body.error.message).toContain('while 1 workflows run');
  await service.orchestrator.workflows.ended(running);
  const { rollback_id } = await service.orchestrator.rollbacks.execute({ workflow_id: first });
  await service.orchestrator.rollbacks.wait(rollback_id!, 10_000);
  await service.orchestrator.workflows.ended(first);

  const calls = effects(service.effects).length;
  const restored = await restore(id);
  expect(restored).toMatchObject({ status: 200, body: { data: `State restored from checkpoint ${id}` } });
  expect(await workflows()).toEqual(then);
  expect((await service.call('GET', `/api/v1/workflows/${running}`)).status).toBe(404);
  const operations = (await service.call('GET', `/api/v1/workflows/${first}`)).body.data.operations;
  expect(operations.map(({ phase }: { phase: string }) => phase)).toEqual(['done', 'done']);
  expect(effects(service.effects)).toHaveLength(calls);

  // What was taken away is a checkpoint of its own: there is a way back.
  const all = (await service.call('GET', '/api/v1/rollback/checkpoints')).body.data as {
    id: string;
    name: string;
  }[];
  const kept = all.find(({ name }) => name.startsWith('auto:restore:'))!;
  expect((await restore(kept.id)).status).toBe(200);
  expect((await service.call('GET', `/api/v1/workflows/${running}`)).body.data.status).toBe('Completed');
  expect((await service.call('GET', `/api/v1/workflows/${first}`)).body.data.phase).toBe('rolled_back');
  expect(effects(service.effects)).toHaveLength(calls);
  await ended({ later: [] });
  expect(await workflows()).toHaveLength(3);
});

test('a workflow that was under way at the checkpoint comes back paused and can go on', async () => {
  // Long enough for a checkpoint in the middle, on slow machines too.
  service = await startTestService(undefined, { pace: 300 });
  const id = await submit({ a: [], b: ['a'], c: ['b'] });
  while (effects(service.effects).length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  const during = await checkpoint('during');
  await service.orchestrator.workflows.ended(id);
  const before = effects(service.effects).length;
  expect((await restore(during)).status).toBe(200);
  expect((await service.call('GET', `/api/v1/workflows/${id}`)).body.data).toMatchObject({ phase: 'paused' });
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(effects(service.effects)).toHaveLength(before);
  await service.call('POST', `/api/v1/workflows/${id}/unpause`);
  await service.orchestrator.workflows.ended(id);
  expect((await service.call('GET', `/api/v1/workflows/${id}`)).body.data.status).toBe('Completed');
  const created = effects(service.effects).filter((line) => line.startsWith('create '));
  expect(new Set(created).size).toBe(created.length);
});

test('repair puts right what lists show, from the journal', async () => {
  service = await startTestService();
  const id = await ended({ a: [] });
  const { store } = service.orchestrator;
  const row = (await store.workflow(id))!;
  await store.append({
    entries: [],
    records: [],
    workflows: [{ ...row, status: 'Running', completedAt: null }],
  });
  const look = (check: boolean) => service.call('POST', '/api/v1/store/repair', { check });
  expect((await look(true)).body.data).toMatchObject({ inconsistencies_found: 1, repairs_applied: 0 });
  expect((await look(false)).body.data).toMatchObject({ inconsistencies_found: 1, repairs_applied: 1 });
  expect((await look(true)).body.data).toMatchObject({ inconsistencies_found: 0 });
  expect((await store.workflow(id))!.status).toBe('Completed');
});
