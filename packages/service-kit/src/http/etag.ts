import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { ProvisioningError } from '@provisioning/extensions-sdk';

/** Names the present state of a record (13 §1). */
export function etagOf(record: unknown): string {
  return `"${createHash('sha256').update(JSON.stringify(record)).digest('base64url').slice(0, 22)}"`;
}

/** Whether a list of tags (`If-None-Match`, `If-Match`) has this one. */
export function hasTag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  const tags = header.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etag);
}

/**
 * Lets a change happen only to the record that its sender has seen, when it says which.
 * @throws ProvisioningError `PRECONDITION_FAILED` (412)
 */
export async function requireMatch(
  headers: IncomingHttpHeaders,
  record: () => Promise<unknown>,
): Promise<void> {
  const wanted = headers['if-match'];
  if (wanted === undefined || hasTag(wanted, etagOf(await record()))) return;
  throw new ProvisioningError({
    code: 'PRECONDITION_FAILED',
    kind: 'conflict',
    message: 'The record has changed since it was read',
    hint: 'Read it again, and repeat the request with the new ETag',
  });
}
