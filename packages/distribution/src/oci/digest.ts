import { createHash, hash as hashOf, type Hash } from 'node:crypto';
import { ProvisioningError } from '@provisioning/extensions-sdk';

/** `<algorithm>:<hex>` (image-spec "Digests"). */
export type Digest = `${string}:${string}`;

/** What content is checked against: its digest and its size in bytes. */
export interface ContentId {
  readonly digest: Digest;
  readonly size: number;
}

const patterns: Readonly<Record<string, RegExp>> = {
  sha256: /^[a-f0-9]{64}$/,
  sha512: /^[a-f0-9]{128}$/,
};

/** Whether the value is a digest of a registered algorithm in canonical form. */
export function isDigest(value: unknown): value is Digest {
  if (typeof value !== 'string') return false;
  const separator = value.indexOf(':');
  return patterns[value.slice(0, separator)]?.test(value.slice(separator + 1)) ?? false;
}

/** @throws ProvisioningError `INVALID_DIGEST`. */
export function parseDigest(value: string): { readonly algorithm: string; readonly hex: string } {
  if (!isDigest(value)) {
    throw new ProvisioningError({
      code: 'INVALID_DIGEST',
      kind: 'usage',
      message: `Invalid digest: ${JSON.stringify(value.slice(0, 160))}`,
      hint: 'a digest is sha256: followed by 64 hexadecimal digits, or sha512: followed by 128',
    });
  }
  const separator = value.indexOf(':');
  return { algorithm: value.slice(0, separator), hex: value.slice(separator + 1) };
}

/** Digest of bytes held in memory. */
export function digestOf(bytes: Uint8Array | string, algorithm = 'sha256'): Digest {
  return `${algorithm}:${hashOf(algorithm, bytes, 'hex')}`;
}

export function digestMismatch(descriptor: ContentId, found: string): ProvisioningError {
  return new ProvisioningError({
    code: 'DIGEST_MISMATCH',
    message: `Digest mismatch for ${descriptor.digest}: expected ${descriptor.digest}, got ${found}`,
    hint: 'the content was discarded; the source is damaged or dishonest',
    details: { expected: descriptor.digest, found },
  });
}

export function sizeMismatch(descriptor: ContentId, found: number, more: boolean): ProvisioningError {
  return new ProvisioningError({
    code: 'SIZE_MISMATCH',
    message: `Size mismatch for ${descriptor.digest}: expected ${descriptor.size} bytes, got ${more ? 'at least ' : ''}${found}`,
    hint: 'the content was discarded; the source is damaged or dishonest',
  });
}

/**
 * Passes chunks on and fails when they are not what the descriptor says: at the first byte too many, or at the end.
 * `prefix` continues a hash over bytes that were received earlier.
 */
export async function* verifyChunks(
  chunks: AsyncIterable<Buffer>,
  descriptor: ContentId,
  prefix: { readonly hash: Hash; readonly bytes: number } | undefined = undefined,
): AsyncGenerator<Buffer> {
  const { algorithm, hex } = parseDigest(descriptor.digest);
  const hash = prefix?.hash ?? createHash(algorithm);
  let received = prefix?.bytes ?? 0;
  for await (const chunk of chunks) {
    received += chunk.length;
    if (received > descriptor.size) throw sizeMismatch(descriptor, received, true);
    hash.update(chunk);
    yield chunk;
  }
  if (received !== descriptor.size) throw sizeMismatch(descriptor, received, false);
  const found = hash.digest('hex');
  if (found !== hex) throw digestMismatch(descriptor, `${algorithm}:${found}`);
}

/** Checks bytes held in memory against a descriptor. @throws ProvisioningError `DIGEST_MISMATCH`, `SIZE_MISMATCH`. */
export function verifyBytes(descriptor: ContentId, bytes: Uint8Array): void {
  if (bytes.length !== descriptor.size) throw sizeMismatch(descriptor, bytes.length, false);
  const found = digestOf(bytes, parseDigest(descriptor.digest).algorithm);
  if (found !== descriptor.digest) throw digestMismatch(descriptor, found);
}
