import { createServer, request as forward } from 'node:http';
import { buffer } from 'node:stream/consumers';

/** What may happen to one request on its way to the engine. */
export type Fault = 'none' | 'refused' | 'lost-request' | 'lost-answer' | 'late';

export interface FaultProxy extends AsyncDisposable {
  /** Decides for each request; `none` until it is set. */
  next: () => Fault;
  readonly faults: number;
}

/** Listens on a socket and passes requests on to an engine, or does what the schedule says to them. */
export async function startFaultProxy(path: string, engine: string): Promise<FaultProxy> {
  let faults = 0;
  const server = createServer(async (incoming, response) => {
    const fault = proxy.next();
    if (fault !== 'none') faults++;
    if (fault === 'lost-request') return void incoming.socket.destroy();
    const body = await buffer(incoming).catch(() => undefined);
    if (body === undefined) return;
    if (fault === 'refused') {
      response.statusCode = 500;
      return void response.end(JSON.stringify({ message: 'internal error of the engine' }));
    }
    if (fault === 'late') await new Promise((resolve) => setTimeout(resolve, 150));
    const { method, url, headers } = incoming;
    const outgoing = forward({ socketPath: engine, method, path: url, headers }, async (answer) => {
      const bytes = await buffer(answer).catch(() => Buffer.alloc(0));
      if (fault === 'lost-answer') return void incoming.socket.destroy();
      delete answer.headers['transfer-encoding'];
      response.writeHead(answer.statusCode ?? 500, { ...answer.headers, 'content-length': bytes.length });
      response.end(bytes);
    });
    outgoing.once('error', () => incoming.socket.destroy());
    outgoing.end(body);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const proxy: FaultProxy & { next: () => Fault } = {
    next: () => 'none',
    get faults() {
      return faults;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}
