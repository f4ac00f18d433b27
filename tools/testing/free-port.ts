import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below the ports that systems give to programs which ask for any, and below those of the local provider's servers: a
 * port that was found free stays free until its program listens. Nor is 10080 among them, which `fetch` refuses.
 */
const first = 11_000;
/** Ports of one worker of the test runner; workers find theirs apart from each other. */
const share = 1_000;
const worker = Number(process.env['JEST_WORKER_ID'] ?? 0) % 9;

let next = randomInt(share);

/** A port of this machine that nobody listens on, another one at every call. @throws Error when there is none. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < share; tries++) {
    const port = first + worker * share + (next++ % share);
    if (await isFree(port)) return port;
  }
  throw new Error(`all ports from ${first + worker * share} on are taken`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
