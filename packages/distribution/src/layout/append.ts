import { type FileHandle, open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { bytesPassed } from '../oci/young-garbage.ts';

/** Bytes that go to the disk in one call. */
const batchBytes = 1024 * 1024;

/**
 * Writes a stream to the end of a file. One batch is written while the next one is received, so that disk and network
 * work at the same time. The two batches are the same two buffers all along: what arrives is copied into them and is
 * garbage at once, which keeps memory flat however large the stream is.
 */
export async function appendStream(
  path: string,
  stream: Readable,
  options: { readonly mode: number; readonly signal?: AbortSignal },
): Promise<void> {
  const handle = await open(path, 'a', options.mode);
  const stop = (): void => void stream.destroy(options.signal?.reason as Error);
  options.signal?.addEventListener('abort', stop, { once: true });
  let writing: Promise<unknown> = Promise.resolve();
  try {
    options.signal?.throwIfAborted();
    let batch: Buffer = Buffer.allocUnsafeSlow(batchBytes);
    let other: Buffer | undefined;
    let filled = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      for (let taken = 0; taken < chunk.length;) {
        const copied = chunk.copy(batch, filled, taken);
        taken += copied;
        filled += copied;
        if (filled < batchBytes) continue;
        await writing;
        writing = writeAll(handle, batch, filled);
        // A failed write is reported where it is awaited, also when the stream fails first.
        writing.catch(() => undefined);
        [batch, other] = [other ?? Buffer.allocUnsafeSlow(batchBytes), batch];
        filled = 0;
        bytesPassed(batchBytes);
      }
    }
    await writing;
    await writeAll(handle, batch, filled);
  } finally {
    options.signal?.removeEventListener('abort', stop);
    await writing.catch(() => undefined);
    await handle.close();
  }
}

async function writeAll(handle: FileHandle, batch: Buffer, length: number): Promise<void> {
  for (let written = 0; written < length;) {
    written += (await handle.write(batch, written, length - written)).bytesWritten;
  }
}
