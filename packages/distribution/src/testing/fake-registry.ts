import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeRegistry {
  readonly host: string;
  readonly requests: readonly IncomingMessage[];
  close(): Promise<void>;
}

/** A loopback HTTP server that answers as a test wants a dishonest registry to answer, and remembers what it was asked. */
export async function startFakeRegistry(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<FakeRegistry> {
  const requests: IncomingMessage[] = [];
  const server: Server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
