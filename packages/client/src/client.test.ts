import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createClient } from './client.ts';
import { NetworkError, NotFoundError, ServerError, ValidationError } from './errors.ts';
import { CircuitBreaker, CircuitOpenError, executeWithRetry } from './resilience.ts';

let server: Server;
let url: string;
let requests: IncomingMessage[];
let handle: (request: IncomingMessage, response: ServerResponse) => void;
beforeEach(async () => {
  requests = [];
  server = createServer((request, response) => {
    requests.push(request);
    handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function answer(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

const failure = (code: string, message: string) => ({
  success: false,
  error: { code, message },
  metadata: {},
});
const workflow = { name: 'x', version: '1.0.0', operations: [{ id: 'a', type: 'b' }] };

test('14.A5 a 429 with Retry-After is repeated after it, with the same idempotency key', async () => {
  handle = (_request, response) =>
    requests.length === 1
      ? answer(response, 429, failure('RATE_LIMITED', 'slow'), { 'retry-after': '1' })
      : answer(response, 202, { success: true, data: { workflow_id: 'w', task_id: 'w', status: 'queued' } });
  const began = performance.now();
  const submission = await createClient({ endpoint: url, retry: { baseDelay: 1 } }).submit(workflow);
  expect(submission.workflow_id).toBe('w');
  expect(performance.now() - began).toBeGreaterThanOrEqual(950);
  const keys = requests.map(({ headers }) => headers['idempotency-key']);
  expect(keys[0]).toBeDefined();
  expect(keys[1]).toBe(keys[0]);
});

test('14.A2 errors are classes with the server’s message, code and request id', async () => {
  handle = (_request, response) =>
    answer(response, 404, failure('NOT_FOUND', 'Workflow not found: w'), { 'x-request-id': 'r1' });
  const client = createClient({ endpoint: url });
  const error = await client.get('w').catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(NotFoundError);
  expect(error).toMatchObject({
    message: 'Workflow not found: w',
    code: 'NOT_FOUND',
    requestId: 'r1',
    status: 404,
  });
  handle = (_request, response) => answer(response, 422, failure('VALIDATION_FAILED', 'bad'));
  await expect(client.submit(workflow)).rejects.toBeInstanceOf(ValidationError);
});

test('an unreachable loopback server says how to start one; a page of a proxy is reported as such', async () => {
  const closed = createClient({ endpoint: 'http://127.0.0.1:9', retry: false });
  await expect(closed.health()).rejects.toMatchObject({
    name: 'NetworkError',
    hint: 'provisioning orchestrator start',
  });
  handle = (_request, response) =>
    response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>');
  await expect(createClient({ endpoint: url, retry: false }).get('w')).rejects.toMatchObject({
    name: 'ProtocolError',
    status: 502,
  });
});

test('14.A18 a token is sent and appears in no error', async () => {
  handle = (_request, response) => answer(response, 500, failure('INTERNAL', 'Internal error'));
  const client = createClient({ endpoint: url, retry: false, token: () => 'very-secret' });
  const error = await client.get('w').catch((thrown: unknown) => thrown);
  expect(requests[0]?.headers.authorization).toBe('Bearer very-secret');
  const { inspect } = await import('node:util');
  expect(inspect(error, { depth: 10, showHidden: true }) + inspect(client)).not.toContain('very-secret');
});

test('14.A11 five failures open the breaker, then exactly one of twenty calls is let through', async () => {
  let now = 0;
  const breaker = new CircuitBreaker({ now: () => now });
  let attempts = 0;
  const down = () => {
    attempts++;
    return Promise.reject(new ServerError({ message: 'down' }));
  };
  for (let count = 0; count < 5; count++) await breaker.execute(down).catch(() => undefined);
  for (let count = 0; count < 20; count++) {
    await expect(breaker.execute(down)).rejects.toThrow('Circuit breaker is OPEN');
  }
  // Refused at once: nothing is asked of the service that is down.
  expect(attempts).toBe(5);
  now = 60_001;
  let calls = 0;
  const slow = async () => {
    calls++;
    await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => breaker.execute(slow)));
  expect(calls).toBe(1);
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(
    results.some((result) => result.status === 'rejected' && result.reason instanceof CircuitOpenError),
  ).toBe(true);
  for (let count = 0; count < 10; count++) {
    await breaker
      .execute(() => Promise.reject(new ValidationError({ message: 'bad' })))
      .catch(() => undefined);
  }
  expect(breaker.getState()).toBe('CLOSED');
});

test('executeWithRetry gives up at once on what another attempt cannot help', async () => {
  let calls = 0;
  const bad = executeWithRetry(() => {
    calls++;
    return Promise.reject(new ValidationError({ message: 'bad' }));
  });
  await expect(bad).rejects.toMatchObject({ attempts: 1 });
  expect(calls).toBe(1);
  const waits: number[] = [];
  const stop = new AbortController();
  const network = executeWithRetry(() => Promise.reject(new NetworkError({ message: 'gone' })), {
    signal: stop.signal,
    onRetry: (_error, _attempt, wait) => {
      waits.push(wait);
      stop.abort(new Error('enough'));
    },
  });
  await expect(network).rejects.toThrow('enough');
  expect(waits[0]).toBeGreaterThanOrEqual(2);
  expect(waits[0]).toBeLessThan(3);
});
