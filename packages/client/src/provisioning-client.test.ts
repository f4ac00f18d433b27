import { inspect } from 'node:util';
import { afterEach, describe, expect, test } from '@jest/globals';
import { AuthenticationError, ProvisioningClient, TimeoutError } from './index.ts';
import type { ClientOptions, EventEnvelope, Logger } from './index.ts';
import { checkResponse } from './schemas/index.ts';
import {
  type FakeOptions,
  type FakeOrchestrator,
  startFakeOrchestrator,
} from './testing/fake-orchestrator.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function start(options: FakeOptions = {}): Promise<FakeOrchestrator> {
  const fake = await startFakeOrchestrator(options);
  ends.push(() => fake.close());
  return fake;
}

function clientOf(fake: FakeOrchestrator, options: ClientOptions = {}): ProvisioningClient {
  const client = new ProvisioningClient({
    baseUrl: fake.url,
    retry: { baseDelay: 1 },
    reconnectInterval: 5,
    ...options,
  });
  ends.push(() => client.close());
  return client;
}

const login = { username: 'ada', password: 'correct horse' };
const users = { ada: 'correct horse' };

async function until(test: () => boolean): Promise<void> {
  const end = Date.now() + 20_000;
  while (!test()) {
    if (Date.now() > end) throw new Error('not in time');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

describe('authentication', () => {
  test('14.A3 one 401 costs one login; a second one is an error; ten calls share one login', async () => {
    const fake = await start({ users, tasks: [{ id: 't' }] });
    const client = clientOf(fake, login);
    const errors: unknown[] = [];
    client.on('authError', (error) => errors.push(error));
    await Promise.all(Array.from({ length: 10 }, () => client.getTaskStatus('t')));
    expect(fake.count('POST /auth/login')).toBe(1);
    // The token is lost at the server: the refresh token gets another one, the caller sees nothing of it.
    fake.expireTokens();
    expect((await client.getTaskStatus('t')).id).toBe('t');
    expect(fake.count('POST /auth/refresh')).toBe(1);
    fake.behave({ on: 'GET /tasks/t', status: 401, code: 'TOKEN_REVOKED', times: 2 });
    await expect(client.getTaskStatus('t')).rejects.toBeInstanceOf(AuthenticationError);
    expect(errors).toHaveLength(1);
  });

  test('a wrong password is told once, without the password', async () => {
    const fake = await start({ users });
    const client = clientOf(fake, { username: 'ada', password: 'wrong-password' });
    const errors: Error[] = [];
    client.on('authError', (error) => errors.push(error));
    await expect(client.getTaskStatus('t')).rejects.toBeInstanceOf(AuthenticationError);
    expect(errors).toHaveLength(1);
    expect(errors[0]!.message).toContain('***');
    expect(fake.count('GET /tasks')).toBe(0);
  });

  test('14.A4 an expired token gives way to a new one', async () => {
    const fake = await start({ users });
    const claims = btoa(JSON.stringify({ exp: Math.floor(Date.now() / 1000) - 60 }));
    const expired = `x.${claims}.x`;
    const client = clientOf(fake, { ...login, token: expired });
    const seen: unknown[] = [];
    client.on('authenticated', (authenticated) => seen.push(authenticated));
    const token = await client.authenticate();
    expect(token).not.toBe(expired);
    expect(fake.tokens.has(token)).toBe(true);
    expect(seen).toEqual([{ user: 'ada', expiresAt: expect.any(String) }]);
    expect(JSON.stringify(seen)).not.toContain(token);
    expect(await client.authenticate()).toBe(token);
    expect(await client.authenticate({ force: true })).not.toBe(token);
  });

  test('health and versions send no token; nothing to authenticate with is said as such', async () => {
    const fake = await start({ users });
    const client = clientOf(fake, login);
    expect(await client.healthCheck()).toBe(true);
    expect(await client.negotiateVersion()).toBe('v3');
    expect(fake.requests.every(({ headers }) => headers.authorization === undefined)).toBe(true);
    const anonymous = clientOf(fake);
    await expect(anonymous.authenticate()).rejects.toThrow(
      'Username and password required for authentication',
    );
    fake.behave({ on: '/health', drop: true });
    expect(await client.healthCheck()).toBe(false);
  });

  test('14.A18 neither token nor password appears in logs, errors or inspection', async () => {
    const fake = await start({ users });
    const lines: string[] = [];
    const logger = Object.fromEntries(
      ['debug', 'info', 'warn', 'error'].map((level) => [level, (line: string) => lines.push(line)]),
    ) as unknown as Logger;
    const client = clientOf(fake, { ...login, logger });
    const errors: unknown[] = [];
    for (const name of ['authError', 'websocketError', 'authenticated'] as const)
      client.on(name, (payload) => errors.push(payload));
    client.on('workflowCreated', () => {
      throw new Error('handler');
    });
    const token = await client.authenticate();
    await client.createServerWorkflow({ infra: 'demo' });
    errors.push(await client.getTaskStatus('nope').catch((error: unknown) => error));
    fake.behave({ on: 'POST /auth', status: 401 });
    fake.expireTokens();
    errors.push(await client.getTaskStatus('nope').catch((error: unknown) => error));
    errors.push(await client.connectWebSocket().catch((error: unknown) => error));
    const wrong = clientOf(fake, { username: 'ada', password: 'other-password' });
    errors.push(await wrong.authenticate().catch((error: unknown) => error));
    const deep = { depth: 20, showHidden: true, getters: true } as const;
    const texts = [
      ...lines,
      inspect(errors, deep),
      inspect(client, deep),
      inspect(wrong, deep),
      JSON.stringify(errors),
      JSON.stringify(client),
      String(client),
    ].join('\n');
    expect(lines).toEqual(['A handler failed: handler']);
    for (const secret of [token, 'correct horse', 'other-password']) expect(texts).not.toContain(secret);
  });

  test('options are checked when the client is made', () => {
    expect(() => new ProvisioningClient({ baseUrl: 'nonsense' })).toThrow("Invalid option 'baseUrl'");
    expect(() => new ProvisioningClient({ timeout: '5' as never })).toThrow("Invalid option 'timeout'");
    const lines: string[] = [];
    const logger = { debug() {}, info() {}, error() {}, warn: (line: string) => lines.push(line) };
    new ProvisioningClient({ baseUrl: 'http://example.org', token: 'x', logger });
    expect(lines).toEqual(['Credentials are sent over an unencrypted connection']);
  });
});

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
    const client = clientOf(fake, { retry: false, circuitBreaker: { timeout: 50 } });
    for (let count = 0; count < 10; count++)
      await client.createServerWorkflow({} as never).catch(() => undefined);
    fake.behave({ on: 'GET /tasks/t', status: 503, times: 5 });
    for (let count = 0; count < 5; count++) await client.getTaskStatus('t').catch(() => undefined);
    const calls = fake.requests.length;
    await expect(client.getTaskStatus('t')).rejects.toThrow('Circuit breaker is OPEN');
    expect(fake.requests).toHaveLength(calls);
    await new Promise((resolve) => setTimeout(resolve, 60));
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

describe('WebSocket', () => {
  const change = (id: number) => ({
    event_type: 'TaskStatusChanged',
    data: { task_id: 't', name: `change ${id}` },
  });

  test('14.A7 a batch of ten is ten calls in order, each alias once', async () => {
    const fake = await start();
    const client = clientOf(fake);
    await client.connectWebSocket(['TaskStatusChanged']);
    const calls: string[] = [];
    const nameOf = (data: unknown) => (data as { name: string }).name;
    client.on('TaskStatusChanged', (event: EventEnvelope) => calls.push(`exact ${nameOf(event.data)}`));
    client.on('websocketMessage', ({ data }) => calls.push(`message ${nameOf(data)}`));
    client.on('taskStatusChanged', (data) => calls.push(`alias ${nameOf(data)}`));
    fake.send(...Array.from({ length: 10 }, (_, index) => change(index)));
    await until(() => calls.length === 30);
    expect(calls).toEqual(
      Array.from({ length: 10 }, (_, index) =>
        ['exact', 'message', 'alias'].map((kind) => `${kind} change ${index}`),
      ).flat(),
    );
  });

  test('14.A8 14.A9 three kills are three reconnections without loss; a throwing handler stops nobody', async () => {
    const fake = await start({ users });
    const client = clientOf(fake, login);
    const names: string[] = [];
    const attempts: number[] = [];
    const failures: unknown[] = [];
    client.on('TaskStatusChanged', () => {
      throw new Error('broken handler');
    });
    client.on('TaskStatusChanged', (event: EventEnvelope) =>
      names.push((event.data as { name: string }).name),
    );
    client.on('handlerError', (error) => failures.push(error));
    client.on('websocketReconnecting', ({ attempt }) => attempts.push(attempt));
    await client.connectWebSocket(['TaskStatusChanged'], { filters: { infra: 'demo' } });
    for (let kill = 0; kill < 3; kill++) {
      fake.send(change(2 * kill));
      await until(() => names.length === 2 * kill + 1);
      fake.dropSockets();
      // Happens while nobody listens.
      fake.send(change(2 * kill + 1));
      await until(() => names.length === 2 * kill + 2 && fake.connections.length === kill + 2);
    }
    expect(names).toEqual([0, 1, 2, 3, 4, 5].map((id) => `change ${id}`));
    expect(attempts).toEqual([1, 1, 1]);
    expect(failures).toHaveLength(6);
    expect(fake.connections.map(({ query }) => query.get('events'))).toEqual(
      Array(4).fill('TaskStatusChanged'),
    );
    const subscriptions = fake.frames.filter(({ type }) => type === 'subscribe');
    await until(() => fake.frames.filter(({ type }) => type === 'subscribe').length === 4);
    expect(subscriptions[0]).toMatchObject({ filters: { infra: 'demo' } });
    // Closed because the token is no longer good: the next connection comes with another one.
    fake.expireTokens();
    fake.dropSockets(4001);
    await until(() => fake.connections.length === 5);
    expect(fake.connections[4]!.token).not.toBe(fake.connections[3]!.token);
    await until(() => client.isWebSocketOpen);
    await client.disconnectWebSocket();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(fake.connections).toHaveLength(5);
    expect(fake.sockets).toBe(0);
  });

  test('14.A10 after ten failed attempts it gives up and says so', async () => {
    const fake = await start();
    const client = clientOf(fake, { reconnectInterval: 1 });
    await client.connectWebSocket();
    const attempts: number[] = [];
    client.on('websocketReconnecting', ({ attempt, max }) => attempts.push(attempt * 100 + max));
    const failed = client.once('websocketReconnectFailed');
    fake.behave({ on: 'GET /ws', drop: true });
    fake.dropSockets();
    expect(await failed).toEqual({ attempts: 10 });
    expect(attempts).toEqual(Array.from({ length: 10 }, (_, index) => (index + 1) * 100 + 10));
    await expect(client.connectWebSocket()).rejects.toMatchObject({ name: 'NetworkError' });
  });

  test('an expiring token is renewed on the open connection; error frames are told', async () => {
    const fake = await start({ users });
    const client = clientOf(fake, login);
    await client.connectWebSocket(['task']);
    const errors: Error[] = [];
    client.on('websocketError', (error) => errors.push(error));
    fake.sendFrame({ type: 'token_expiring', expires_at: new Date().toISOString() });
    await until(() => fake.frames.some(({ type }) => type === 'auth'));
    fake.sendFrame({ type: 'error', code: 'EVENTS_DROPPED', dropped: 3 });
    await until(() => errors.length > 0);
    expect(errors[0]).toMatchObject({ code: 'EVENTS_DROPPED' });
  });

  test('a silent connection is lost after two heartbeats; events of an iterator end with its loop', async () => {
    const fake = await start();
    const client = clientOf(fake, { heartbeatInterval: 20 });
    await client.connectWebSocket(['task']);
    await until(() => fake.frames.filter(({ type }) => type === 'ping').length > 2);
    setTimeout(() => fake.send(change(1)), 10);
    for await (const event of client.events(['TaskStatusChanged'])) {
      expect(event.event_type).toBe('TaskStatusChanged');
      break;
    }
    expect(client.listenerCount('websocketMessage')).toBe(0);
  });
});
