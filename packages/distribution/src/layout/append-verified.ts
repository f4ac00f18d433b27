import { open } from 'node:fs/promises';
import type { Descriptor } from '../oci/descriptor.ts';
import { digestMismatch, parseDigest, sizeMismatch } from '../oci/digest.ts';
import { blockBytes, WriterThread } from './writer-thread.ts';

/**
 * Writes chunks that nobody has verified to the end of a file and verifies them meanwhile: one core receives, another
 * hashes and writes. What arrives is copied once into a few blocks and is garbage at once, however much it is.
 * @throws ProvisioningError `DIGEST_MISMATCH`, `SIZE_MISMATCH`.
 */
export async function appendVerified(
  path: string,
  chunks: AsyncIterable<Buffer>,
  descriptor: Descriptor,
  options: { readonly mode: number; readonly signal?: AbortSignal },
): Promise<void> {
  const { algorithm, hex } = parseDigest(descriptor.digest);
  const handle = await open(path, 'a', options.mode);
  const writer = new WriterThread(algorithm, handle.fd);
  let filled = 0;
  let received = 0;
  try {
    let block = await writer.take();
    for await (const chunk of chunks) {
      options.signal?.throwIfAborted();
      received += chunk.length;
      if (received > descriptor.size) throw sizeMismatch(descriptor, received, true);
      for (let taken = 0; taken < chunk.length;) {
        const copied = chunk.copy(block, filled, taken);
        taken += copied;
        filled += copied;
        if (filled < blockBytes) continue;
        writer.send(block, filled);
        filled = 0;
        block = await writer.take();
      }
    }
    if (received !== descriptor.size) throw sizeMismatch(descriptor, received, false);
    writer.send(block, filled);
    const found = await writer.digest();
    if (found !== hex) throw digestMismatch(descriptor, `${algorithm}:${found}`);
  } finally {
    await writer.close();
    await handle.close();
  }
}
