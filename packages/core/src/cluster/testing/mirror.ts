import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Mirror extends AsyncDisposable {
  readonly port: number;
}

/** A server of downloads, each with its SHA-256 beside it; what it has not is answered 404. */
export async function startMirror(files: Readonly<Record<string, Buffer>>): Promise<Mirror> {
  const server = createServer((request, response) => {
    const name = (request.url ?? '').slice(1);
    const plain = name.replace(/\.sha256$/, '');
    const content = files[plain];
    if (content === undefined) return void response.writeHead(404).end();
    response.end(
      name === plain ? content : `${createHash('sha256').update(content).digest('hex')}  ${plain}\n`,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
