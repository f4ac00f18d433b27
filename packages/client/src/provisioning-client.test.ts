import { afterEach, describe, expect, test } from '@jest/globals';
import { TimeoutError } from './index.ts';
import { checkResponse } from './schemas/index.ts';
import { clientOf, endAll, start, until } from './testing/clients.fixture.ts';

afterEach(endAll);

describe('calls', () => {
  test('14.A5 after Retry-After: 2 the same POST goes again under the same key; one task is made', async () => {
    const fake = await start();
    fake.behave({ on: 'POST /workflows/servers', status: 429, headers: { 'retry-after': '2' }, times: 1 });
    const client = clientOf(fake);
    const began = performance.now();
    await client.createServerWorkflow({ infra: 'demo' });
    const took = performance.now() - began;
    expect(took).toBeGreaterThan(1500);
    const posts = fake.requests.filter(({ path }) => path.includes('servers'));
    expect(posts).toHaveLength(2);
    expect(posts[0]!.headers['idempotency-key']).toBe(posts[1]!.headers['idempotency-key']);
    expect((await client.listTasks()).total).toBe(1);
  });

  test('bodies are written as the API writes them; a task id comes from either form of the answer', async () => {
    const fake = await start();
    const client = clientOf(fake, { workspace: 'shop' });
    const id = await client.createServerWorkflow({
      infra: 'demo',
      checkMode: true,
      retryPolicy: { maxAttempts: 2 },
      servers: [{ hostname: 'a', config: { keepThis: 1 } }],
    });
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(fake.requests[0]!.body).toEqual({
      workspace: 'shop',
      infra: 'demo',
      check_mode: true,
      retry_policy: { max_attempts: 2 },
      servers: [{ hostname: 'a', config: { keepThis: 1 } }],
    });
    const batch = await client.executeBatchOperation({
      operations: [{ id: 'a', type: 'x.y', plan: 'small' }],
    });
    expect(batch.operations).toHaveLength(1);
  });

  test('an answer that is not as described is a warning, no error', async () => {
    const fake = await start({ tasks: [{ id: 't', status: 'Resting' as never }] });
    const lines: string[] = [];
    const logger = { debug() {}, info() {}, error() {}, warn: (line: string) => lines.push(line) };
    expect(
      (await clientOf(fake, { logger, validateResponses: checkResponse }).getTaskStatus('t')).status,
    ).toBe('Resting');
    await until(() => lines.length > 0);
    expect(lines[0]).toMatch(/^The answer to getTaskStatus is not as described: \/status/);
  });

  test('lists know their total; the iterator follows the pages', async () => {
    const fake = await start({ tasks: Array.from({ length: 7 }, (_, index) => ({ id: `t${index}` })) });
    const client = clientOf(fake);
    const page = await client.listTasks({ limit: 3 });
    expect([page.length, page.total]).toEqual([3, 7]);
    const ids: string[] = [];
    for await (const { id } of client.iterateTasks({ limit: 3 })) ids.push(id);
    expect(ids).toEqual(['t0', 't1', 't2', 't3', 't4', 't5', 't6']);
    expect(await client.listTasks('failed')).toHaveLength(0);
  });

  test('14.A15 one unknown id of many is an error of its own; finished tasks are read once', async () => {
    const fake = await start({
      tasks: [
        { id: 'done', status: 'Completed' },
        { id: 'open', status: 'Running' },
      ],
    });
    const client = clientOf(fake, { cache: true });
    for (let round = 0; round < 2; round++) {
      const { statuses, errors } = await client.batchGetTaskStatus(['done', 'open', 'unknown']);
      expect(Object.keys(statuses).sort()).toEqual(['done', 'open']);
      expect(errors['unknown']).toMatchObject({ name: 'NotFoundError' });
    }
    expect([fake.count('GET /tasks/done'), fake.count('GET /tasks/open')]).toEqual([1, 2]);
    await client.logout();
    await client.getTaskStatusCached('done');
    expect(fake.count('GET /tasks/done')).toBe(2);
    const forgetful = clientOf(fake, { cache: { lifetime: 20 } });
    await forgetful.getTaskStatusCached('done');
    await new Promise((resolve) => setTimeout(resolve, 30));
    await forgetful.getTaskStatusCached('done');
    expect(fake.count('GET /tasks/done')).toBe(4);
  });

  test('14.A11 a breaker built in stops calling a server that keeps failing', async () => {
    const fake = await start({ tasks: [{ id: 't' }] });
    let now = 0;
    const client = clientOf(fake, { retry: false, circuitBreaker: { timeout: 50, now: () => now } });
    for (let count = 0; count < 10; count++)
      await client.createServerWorkflow({} as never).catch(() => undefined);
    fake.behave({ on: 'GET /tasks/t', status: 503, times: 5 });
    for (let count = 0; count < 5; count++) await client.getTaskStatus('t').catch(() => undefined);
    const calls = fake.requests.length;
    await expect(client.getTaskStatus('t')).rejects.toThrow('Circuit breaker is OPEN');
    expect(fake.requests).toHaveLength(calls);
    now = 60;
    fake.behave({ on: 'GET /tasks/t', delay: 50 });
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => client.getTaskStatus('t')));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(fake.requests).toHaveLength(calls + 1);
  });
});

describe('waiting', () => {
  test('14.A6 an endless task runs into the time limit; failed polls in between are borne', async () => {
    const fake = await start({
      tasks: [
        { id: 'endless', status: 'Running' },
        { id: 'slow', status: 'Running' },
      ],
    });
    const client = clientOf(fake);
    const began = performance.now();
    const error = await client.waitForTaskCompletion('endless', 1000, 200).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TimeoutError);
    expect((error as Error).message).toBe('Task endless did not complete within 1000ms');
    expect(performance.now() - began).toBeGreaterThanOrEqual(990);
    const progress: number[] = [];
    client.on('taskProgress', (task) => progress.push(task.progress));
    const wait = client.waitForTaskCompletion('slow', { timeout: 20_000, pollInterval: 10 });
    await until(() => progress.length > 0);
    fake.behave({ on: 'GET /tasks/slow', status: 500, times: 1 });
    fake.behave({ on: 'GET /tasks/slow', drop: true, times: 1 });
    const polls = fake.count('GET /tasks/slow');
    await until(() => fake.count('GET /tasks/slow') > polls + 3);
    fake.setTask({ id: 'slow', status: 'Completed', progress: 100 });
    expect((await wait).status).toBe('Completed');
    expect(progress).toEqual([0, 100]);
    await expect(client.waitForTaskCompletion('unknown')).rejects.toMatchObject({ name: 'NotFoundError' });
    const abort = new AbortController();
    const stopped = client.waitForTaskCompletion('endless', { signal: abort.signal, pollInterval: 10 });
    abort.abort();
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('an open WebSocket wakes the wait; a failed task rejects when that is wanted', async () => {
    const fake = await start({ tasks: [{ id: 't', status: 'Running' }] });
    const client = clientOf(fake);
    await client.connectWebSocket(['TaskStatusChanged']);
    const wait = client.waitForTaskCompletion('t', { pollInterval: 60_000, throwOnFailure: true });
    await until(() => fake.count('GET /tasks/t') === 1);
    fake.setTask({ id: 't', status: 'Failed', error: 'no disk' });
    await expect(wait).rejects.toMatchObject({ name: 'TaskFailedError', message: 'Task t failed: no disk' });
  });
});
