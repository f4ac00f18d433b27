import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isLoopback, ProvisioningError } from '@provisioning/extensions-sdk';

/**
 * Listens on this machine only; a busy port gives way to the next, up to fifty times (01 §11).
 * @throws ProvisioningError `ADDRESS_NOT_LOCAL` (exit 2) for an address that others can reach.
 */
export async function listenLocally(server: Server, host: string, port: number): Promise<number> {
  if (!isLoopback(host)) {
    throw new ProvisioningError({
      code: 'ADDRESS_NOT_LOCAL',
      kind: 'usage',
      message: `A form is served on this machine only, not on ${host}`,
      hint: 'Use --host 127.0.0.1; from elsewhere, forward the port: ssh -L 3080:127.0.0.1:3080 <host>',
    });
  }
  for (let candidate = port; ; candidate += 1) {
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(candidate, host, () => {
          server.off('error', reject);
          resolve();
        });
      });
      return (server.address() as AddressInfo).port;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || candidate >= port + 50) throw error;
    }
  }
}

/** Host and port as they stand in an address: an IPv6 host in brackets. */
export function origin(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Text of a request of at most 1 MiB. @throws BodyTooLarge */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > 1024 * 1024) throw new BodyTooLarge('the body is larger than 1 MiB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

export class BodyTooLarge extends Error {}

/** Compares two secrets in a time that tells nothing about where they differ. */
export function sameSecret(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Whether a request carries `Authorization: Bearer <token>`. */
export function hasBearer(request: IncomingMessage, token: string): boolean {
  return sameSecret(request.headers.authorization ?? '', `Bearer ${token}`);
}
