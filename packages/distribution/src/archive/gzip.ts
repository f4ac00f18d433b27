import { createGunzip, gzipSync } from 'node:zlib';
import type { Readable } from 'node:stream';
import { damaged } from './tar-format.ts';

/**
 * Compresses without name, time and operating system in the header, so that the result depends on the content alone
 * (09 §3).
 */
export function gzip(bytes: Uint8Array): Buffer {
  const compressed = gzipSync(bytes, { level: 9 });
  compressed.fill(0, 4, 8);
  compressed[9] = 0xff;
  return compressed;
}

const gzipMark = Buffer.from([0x1f, 0x8b]);
const zstdMark = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/**
 * The plain bytes of a stream that may be compressed with gzip, told by its first bytes.
 * @throws ProvisioningError `ARCHIVE_DAMAGED`.
 */
export async function* decompressed(stream: Readable): AsyncGenerator<Buffer> {
  const iterator = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let first = Buffer.alloc(0);
  while (first.length < zstdMark.length) {
    const next = await iterator.next();
    if (next.done === true) break;
    first = Buffer.concat([first, next.value]);
  }
  const rest = { [Symbol.asyncIterator]: () => iterator };
  if (first.subarray(0, 4).equals(zstdMark)) throw damaged('zstd compression is not supported');
  if (!first.subarray(0, 2).equals(gzipMark)) {
    if (first.length > 0) yield first;
    yield* rest;
    return;
  }
  const gunzip = createGunzip({ chunkSize: 64 * 1024 });
  const feeding = feed(gunzip, first, rest);
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) yield chunk;
    await feeding;
  } catch (error) {
    stream.destroy();
    const { code } = error as NodeJS.ErrnoException;
    if (code !== undefined && code.startsWith('Z_')) throw damaged('its compression is broken');
    throw error;
  } finally {
    gunzip.destroy();
  }
}

async function feed(
  gunzip: NodeJS.WritableStream & { destroy(error?: Error): void },
  first: Buffer,
  rest: AsyncIterable<Buffer>,
): Promise<void> {
  try {
    if (!gunzip.write(first)) await drained(gunzip);
    for await (const chunk of rest) if (!gunzip.write(chunk)) await drained(gunzip);
    gunzip.end();
  } catch (error) {
    gunzip.destroy(error as Error);
  }
}

function drained(stream: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
  });
}
