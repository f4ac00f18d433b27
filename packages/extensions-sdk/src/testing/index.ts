/** Parts for tests of the client and of providers: a clock that doesn't wait and a service that misbehaves on demand. */
export { ManualClock } from './manual-clock.ts';
export { type FaultOutcome, type FaultyService, runFaultSchedule, seeded } from './faults.ts';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Value } from 'typebox/value';
import { Server } from '../schemas/server.ts';

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export type Handler = (
  request: ReceivedRequest,
  response: ServerResponse,
  raw: IncomingMessage,
) => void | Promise<void>;

export interface TestService extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly ReceivedRequest[];
  handler: Handler;
  close(): Promise<void>;
}

/** An HTTP server on this machine; every request goes to `handler`, which can be changed while it runs. */
export async function startService(handler: Handler): Promise<TestService> {
  const requests: ReceivedRequest[] = [];
  const server = createServer((raw, response) => {
    const chunks: Buffer[] = [];
    raw.on('data', (chunk: Buffer) => chunks.push(chunk));
    raw.on('error', () => response.destroy());
    raw.on('end', () => {
      const url = new URL(raw.url ?? '/', 'http://localhost');
      const text = Buffer.concat(chunks).toString('utf8');
      const headers = Object.fromEntries(
        Object.entries(raw.headers).map(([name, value]) => [name, String(value)]),
      );
      const request: ReceivedRequest = {
        method: raw.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        headers,
        body: text === '' ? undefined : JSON.parse(text),
      };
      requests.push(request);
      Promise.resolve(service.handler(request, response, raw)).catch((error: unknown) => {
        response.statusCode = 500;
        response.end(JSON.stringify({ error: { code: 'test_service', message: String(error) } }));
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const service: TestService = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    handler,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
    [Symbol.asyncDispose]: () => service.close(),
  };
  return service;
}

export function answer(
  response: ServerResponse,
  status: number,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

/** A server of a definition, resolved: schema defaults and `values`. */
export function definedServer(values: Partial<Server> & Pick<Server, 'hostname' | 'provider'>): Server {
  return Value.Default(Server, { ...values }) as Server;
}
