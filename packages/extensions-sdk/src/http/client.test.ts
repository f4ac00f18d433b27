import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProviderError } from '../provider-error.ts';
import { Secret } from '../secret.ts';
import { HttpClient, type HttpClientOptions } from './index.ts';
import { answer, ManualClock, startService, type TestService } from '../testing/index.ts';

let service: TestService;
let cacheDir: string;
let clock: ManualClock;
const clients: HttpClient[] = [];
const token = new Secret('a-very-secret-token');

beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'http-client-'));
  clock = new ManualClock();
  service = await startService((_request, response) => answer(response, 200, { ok: true }));
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await service.close();
  await rm(cacheDir, { recursive: true, force: true });
});

function client(options: Partial<HttpClientOptions> = {}): HttpClient {
  const made = new HttpClient({
    provider: 'acme',
    baseUrl: `${service.url}/v1`,
    headers: () => ({ authorization: `Bearer ${token.reveal()}` }),
    secrets: [token],
    cacheDir,
    clock,
    ...options,
  });
  clients.push(made);
  return made;
}

const list = { method: 'GET', path: '/servers', operation: 'listServers' };
const create = { method: 'POST', path: '/servers', operation: 'createServer', body: { name: 'web-01' } };

async function failure(promise: Promise<unknown>): Promise<ProviderError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ProviderError);
  return error as ProviderError;
}

test('a call carries headers, query and body and returns what the service says', async () => {
  service.handler = (request, response) => answer(response, 201, { got: request.body });
  const response = await client().request({ ...create, query: { wait: true, none: undefined } });
  expect(response).toMatchObject({ status: 201, body: { got: { name: 'web-01' } } });
  expect(service.requests[0]).toMatchObject({ method: 'POST', path: '/v1/servers' });
  expect(service.requests[0]?.query.toString()).toBe('wait=true');
  expect(service.requests[0]?.headers.authorization).toBe('Bearer a-very-secret-token');
});

test('06.A4 429 with Retry-After: 2 is followed, then the server is created once', async () => {
  service.handler = (_request, response) =>
    service.requests.length === 1
      ? answer(response, 429, { error: 'slow down' }, { 'retry-after': '2' })
      : answer(response, 201, { id: 1 });
  expect((await client().request(create)).body).toEqual({ id: 1 });
  expect(service.requests).toHaveLength(2);
  expect(clock.slept).toEqual([2000]);
});

test('06.A4 three 503 end with API call failed after retries', async () => {
  service.handler = (_request, response) => answer(response, 503, { error: 'maintenance' });
  const error = await failure(client().request(list));
  expect(error.message).toContain('API call failed after retries');
  expect(error).toMatchObject({ providerCode: 'unavailable', status: 503, retryable: true });
  expect(service.requests).toHaveLength(3);
  expect(clock.slept).toEqual([1000, 2000]);
});

test('the delay has at most 20 % jitter', async () => {
  service.handler = (_request, response) => answer(response, 500);
  for (const chance of [0, 0.999]) {
    clock = new ManualClock(undefined, () => chance);
    await failure(client({ attempts: 4 }).request(list));
    const [first = 0, second = 0, third = 0] = clock.slept.slice(-3);
    for (const [slept, wished] of [
      [first, 1000],
      [second, 2000],
      [third, 4000],
    ] as const) {
      expect(Math.abs(slept - wished)).toBeLessThanOrEqual(wished * 0.2);
      expect(Math.abs(slept - wished)).toBeGreaterThan(wished * 0.19);
    }
  }
});

test('a Retry-After above 60 s ends the call at once and is told', async () => {
  service.handler = (_request, response) => answer(response, 429, {}, { 'retry-after': '300' });
  const error = await failure(client().request(list));
  expect(error).toMatchObject({ providerCode: 'rate_limited', retryAfter: 300 });
  expect(error.message).toBe('Rate limit exceeded, retry in 300 s');
  expect(service.requests).toHaveLength(1);
});

test('a POST without key is not repeated after a 500, with key it is', async () => {
  service.handler = (_request, response) => answer(response, 500);
  await failure(client().request(create));
  expect(service.requests).toHaveLength(1);
  await failure(
    client({ idempotencyHeader: 'idempotency-key' }).request({ ...create, idempotencyKey: 'k1' }),
  );
  expect(service.requests).toHaveLength(4);
  expect(service.requests[3]?.headers['idempotency-key']).toBe('k1');
});

test('06.A6 403 is an authentication error with exit code 4, a quota text a quota error', async () => {
  service.handler = (_request, response) => answer(response, 403, { error: { message: 'forbidden' } });
  const denied = await failure(client().request(create));
  expect(denied).toMatchObject({
    providerCode: 'auth',
    exitCode: 4,
    hint: 'Check API credentials and permissions',
  });
  expect(denied.message).toContain('Server creation failed: authentication error');
  service.handler = (_request, response) =>
    answer(response, 422, { error: { code: 'x', message: 'server quota reached' } });
  const full = await failure(client().request(create));
  expect(full).toMatchObject({
    providerCode: 'quota',
    exitCode: 1,
    hint: 'Contact support to increase quota or delete unused servers',
  });
  expect(full.message).toContain('Server creation failed: quota limit exceeded');
});

test('secrets never show, even when the service repeats them', async () => {
  const lines: string[] = [];
  service.handler = (request, response) =>
    answer(response, 500, { error: { message: `bad header ${request.headers.authorization}` } });
  const error = await failure(client({ log: (_level, message) => lines.push(message) }).request(list));
  const shown = `${error.message} ${JSON.stringify(error)} ${error.stack} ${lines.join('\n')}`;
  expect(lines.length).toBeGreaterThan(0);
  expect(shown).not.toContain(token.reveal());
  expect(shown).toContain('[redacted]');
});

test('a service that accepts and never answers ends with timeout; a GET was tried three times', async () => {
  service.handler = () => undefined;
  const error = await failure(client({ timeout: 0.1 }).request(list));
  expect(error).toMatchObject({ providerCode: 'timeout', kind: 'unavailable' });
  expect(service.requests).toHaveLength(3);
});

test('an answer cut off in the middle is repeated for a GET only', async () => {
  service.handler = (_request, response) => {
    if (service.requests.length % 2 === 0) return answer(response, 200, { ok: true });
    response.writeHead(200, { 'content-length': '100' });
    response.write('{"half":');
    setImmediate(() => response.destroy());
  };
  expect((await client().request(list)).body).toEqual({ ok: true });
  expect(await failure(client().request(create))).toMatchObject({ providerCode: 'unavailable' });
  expect(service.requests).toHaveLength(3);
});

test('a success without JSON is an outage, not a success', async () => {
  service.handler = (_request, response) => void response.end('<html>Log in to the hotel network</html>');
  const error = await failure(client().request(list));
  expect(error.providerCode).toBe('unavailable');
  expect(error.message).toContain('not JSON');
});

test('no connection: even a create is tried again, because nothing was sent', async () => {
  const { url } = service;
  await service.close();
  const error = await failure(client({ baseUrl: url }).request(create));
  expect(error).toMatchObject({ providerCode: 'unavailable' });
  expect(clock.slept).toEqual([1000, 2000]);
  service = await startService(() => undefined);
});

test('abort ends the call with the reason, also in a pause', async () => {
  const controller = new AbortController();
  const reason = new Error('stop');
  service.handler = () => setImmediate(() => controller.abort(reason)) as unknown as undefined;
  await expect(client().request({ ...list, signal: controller.signal })).rejects.toBe(reason);
  expect(service.requests).toHaveLength(1);
});

test('five failed calls open the circuit for 60 s; one success closes it', async () => {
  const http = client({ attempts: 1, rateLimit: { requestsPerMinute: 60_000, burst: 1000 } });
  service.handler = (_request, response) => answer(response, 502);
  for (let call = 0; call < 5; call += 1) await failure(http.request(list));
  const open = await failure(http.request(list));
  expect(open.message).toContain('Circuit breaker is OPEN');
  expect(service.requests).toHaveLength(5);
  service.handler = (_request, response) => answer(response, 200, {});
  expect((await http.request({ ...list, path: '/zones' })).status).toBe(200);
  clock.advance(61_000);
  expect((await http.request(list)).status).toBe(200);
  expect((await http.request(list)).status).toBe(200);
});

test('refusals do not open the circuit', async () => {
  const http = client({ attempts: 1, rateLimit: { requestsPerMinute: 60_000, burst: 1000 } });
  service.handler = (_request, response) => answer(response, 404, { error: 'Server not found: x' });
  for (let call = 0; call < 8; call += 1) expect((await failure(http.request(list))).exitCode).toBe(5);
});

test('the rate limit lets 10 through at once, then one a second, shared between clients', async () => {
  const [one, two] = [client(), client()];
  for (let call = 0; call < 10; call += 1) await (call % 2 === 0 ? one : two).request(list);
  expect(clock.slept).toEqual([]);
  await two.request(list);
  await one.request(list);
  expect(clock.slept).toEqual([1000, 1000]);
});

test('a wait longer than the time-out is refused instead', async () => {
  const http = client({ rateLimit: { requestsPerMinute: 1, burst: 1 }, timeout: 30 });
  await http.request(list);
  const error = await failure(http.request(list));
  expect(error).toMatchObject({ providerCode: 'rate_limited', retryAfter: 60 });
  expect(service.requests).toHaveLength(1);
});

test("the service's own limit headers are followed before it refuses", async () => {
  const reset = String(Math.round(clock.now() / 1000) + 3600);
  const headers = { 'ratelimit-limit': '3600', 'ratelimit-remaining': '0', 'ratelimit-reset': reset };
  service.handler = (_request, response) => answer(response, 200, {}, headers);
  const http = client();
  await http.request(list);
  await http.request(list);
  expect(clock.slept).toEqual([1000]);
});

test('the catalogue is fetched once a day and used when stale while the service is away', async () => {
  const warnings: string[] = [];
  const http = client({ attempts: 1, log: (level, message) => level === 'warn' && warnings.push(message) });
  const zones = () => http.catalogue('zones', async () => (await http.request(list)).body);
  service.handler = (_request, response) => answer(response, 200, ['fsn1']);
  expect(await zones()).toEqual(['fsn1']);
  expect(await client().catalogue('zones', () => Promise.reject(new Error('not needed')))).toEqual(['fsn1']);
  expect(service.requests).toHaveLength(1);
  clock.advance(25 * 3_600_000);
  service.handler = (_request, response) => answer(response, 503);
  expect(await zones()).toEqual(['fsn1']);
  expect(warnings[0]).toContain('25 h ago');
  service.handler = (_request, response) => answer(response, 401);
  expect(await failure(zones())).toMatchObject({ providerCode: 'auth' });
  service.handler = (_request, response) => answer(response, 200, ['nbg1']);
  expect(await zones()).toEqual(['nbg1']);
});

test('nothing of the credentials is written to the cache folder', async () => {
  const http = client();
  await http.catalogue('plans', async () => (await http.request(list)).body);
  for (const name of await readdir(cacheDir)) {
    expect(`${name} ${await readFile(join(cacheDir, name), 'utf8')}`).not.toContain(token.reveal());
  }
});

test('plain http is refused except for this machine; other methods are refused', async () => {
  expect(() => client({ baseUrl: 'http://api.example.com' })).toThrow('must use https');
  const message = 'API URL not configured for provider acme';
  const hint = "Add 'api_url' to providers.acme configuration";
  expect(() => client({ baseUrl: '' })).toThrow(expect.objectContaining({ message, hint }));
  expect((await failure(client().request({ ...list, method: 'FETCH' }))).message).toBe(
    'Unsupported HTTP method: FETCH',
  );
});

test('a proxy is used for what NO_PROXY does not name', async () => {
  const tunnels: string[] = [];
  const proxy = createServer();
  proxy.on('connect', (request: IncomingMessage, socket: Socket) => {
    tunnels.push(request.url ?? '');
    const [host, port] = (request.url ?? '').split(':');
    const upstream = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo;
  const network = { httpProxy: `http://127.0.0.1:${port}` };
  try {
    const direct = client({ network: { ...network, noProxy: '127.0.0.1' } });
    expect((await direct.request(list)).body).toEqual({ ok: true });
    expect(tunnels).toEqual([]);
    const through = client({ network });
    expect((await through.request(list)).body).toEqual({ ok: true });
    expect(tunnels).toEqual([new URL(service.url).host]);
    await through.close();
  } finally {
    await new Promise((resolve) => proxy.close(resolve));
  }
});
