import { expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { absent, compareApi, demultiplex } from './answers.ts';
import { EngineError, EngineHttp, jsonLines, parseEndpoint } from './http.ts';

async function listening(
  handler: RequestListener,
): Promise<{ server: Server; path: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'prov-http-'));
  const path = join(folder, 's.sock');
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    server,
    path,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

test('addresses of engines', () => {
  expect(parseEndpoint('unix:///run/docker.sock')).toEqual({ kind: 'socket', path: '/run/docker.sock' });
  expect(parseEndpoint('/run/docker.sock')).toEqual({ kind: 'socket', path: '/run/docker.sock' });
  expect(parseEndpoint('tcp://10.0.0.1')).toEqual({ kind: 'tcp', host: '10.0.0.1', port: 2375 });
  expect(parseEndpoint('tcp://10.0.0.1', '/certs')).toMatchObject({ port: 2376, certificates: '/certs' });
  expect(parseEndpoint('ssh://host')).toBeUndefined();
});

test('an engine refuses with its own words; what it does not have is nothing', async () => {
  await using service = await listening((request, response) => {
    response.statusCode = request.url === '/gone' ? 404 : 409;
    response.end(JSON.stringify({ message: 'name is taken' }));
  });
  const http = new EngineHttp({ kind: 'socket', path: service.path });
  await expect(http.json('POST', '/x', { json: {} })).rejects.toMatchObject({
    message: 'name is taken',
    status: 409,
  });
  expect(await absent(http.json('GET', '/gone'))).toBeUndefined();
  http.close();
});

test('a connection that fails is marked so, also one that went stale', async () => {
  const nowhere = new EngineHttp({ kind: 'socket', path: '/nonexistent/engine.sock' });
  await expect(nowhere.json('POST', '/x')).rejects.toMatchObject({ status: 0, broken: true });

  await using service = await listening((_request, response) => response.end('{}'));
  const http = new EngineHttp({ kind: 'socket', path: service.path });
  await http.json('GET', '/x');
  service.server.closeAllConnections();
  await new Promise<void>((resolve) => void service.server.close(() => resolve()));
  const error = await http.json('GET', '/x').catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(EngineError);
  expect((error as EngineError).broken).toBe(true);
  http.close();
});

test('an engine that accepts and never answers is given up', async () => {
  await using service = await listening(() => undefined);
  const http = new EngineHttp({ kind: 'socket', path: service.path });
  await expect(http.json('GET', '/x', { timeout: 50 })).rejects.toMatchObject({
    message: 'no answer within 0.05 s',
  });
  http.close();
});

test('streams of JSON lines and of program output come apart at any cut', async () => {
  const lines: unknown[] = [];
  for await (const line of jsonLines(Readable.from(['{"a":', '1}\n{"b"', ':2}']))) lines.push(line);
  expect(lines).toEqual([{ a: 1 }, { b: 2 }]);
  const frame = (stream: number, text: string) => {
    const header = Buffer.alloc(8);
    header[0] = stream;
    header.writeUInt32BE(text.length, 4);
    return Buffer.concat([header, Buffer.from(text)]);
  };
  const bytes = Buffer.concat([frame(1, 'one'), frame(2, 'bad'), frame(1, 'two')]);
  const cut = [bytes.subarray(0, 5), bytes.subarray(5, 20), bytes.subarray(20)];
  expect(await demultiplex(Readable.from(cut))).toEqual({ stdout: 'onetwo', stderr: 'bad' });
});

test('API versions compare as numbers', () => {
  expect(compareApi('1.9', '1.41')).toBeLessThan(0);
  expect(compareApi('1.41', '1.41')).toBe(0);
  expect(compareApi('2.0', '1.99')).toBeGreaterThan(0);
});
