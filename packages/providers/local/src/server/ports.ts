import { createHash } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the range from which systems take ports for outgoing connections. */
const first = 20_000;
const count = 10_000;

/** Loopback port for each port of the server; always one for SSH (22). */
export type PortMap = ReadonlyMap<number, number>;

/**
 * Chooses the loopback ports of a server: the same number where it is free, otherwise one of the range 20000–29999
 * that starts at a place of the server's own, so that a server made anew gets its old port back.
 * @param taken ports of other servers, running or not, and ports that already failed.
 */
export async function choosePorts(
  seed: string,
  allowed: readonly number[],
  taken: ReadonlySet<number>,
): Promise<PortMap> {
  const map = new Map<number, number>();
  const used = new Set(taken);
  const start = createHash('sha256').update(seed).digest().readUInt32BE(0) % count;
  let offset = 0;
  const next = async (): Promise<number> => {
    for (; offset < count; offset++) {
      const port = first + ((start + offset) % count);
      if (!used.has(port) && (await isFree(port))) return port;
    }
    throw new Error(`no free port between ${first} and ${first + count - 1}`);
  };
  for (const port of new Set([22, ...allowed])) {
    const same = port !== 22 && !used.has(port) && (await isFree(port));
    const chosen = same ? port : await next();
    used.add(chosen);
    map.set(port, chosen);
  }
  return map;
}

/** Whether nothing listens on the port of the loopback address now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * The port that a failed start names, when the failure is about a port (taken, or not allowed without root) or about an
 * address, which names none.
 */
export function portInUse(message: string): { readonly port?: number } | undefined {
  if (
    !/address already in use|port is already allocated|proxy already running|privileged port|bind: permission denied|ip address \S+ is already allocated/i.test(
      message,
    )
  )
    return undefined;
  const port = /127\.0\.0\.1:(\d+)/.exec(message)?.[1];
  return port === undefined ? {} : { port: Number(port) };
}
