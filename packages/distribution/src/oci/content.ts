import type { Hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Descriptor } from './descriptor.ts';
import { chunksOf, type Lending } from './chunks.ts';
import { verifyBytes, verifyChunks } from './digest.ts';
import { type Index, type Manifest, parseManifest } from './manifest.ts';
import { maxManifestBytes } from './media-types.ts';
import type { CallOptions, ContentSource, Fetcher } from './target.ts';

/** Content held in memory as a source for `push`. */
export function fromBytes(bytes: Uint8Array): ContentSource {
  return (offset) => Promise.resolve(streamOf(bytes.subarray(offset)));
}

/** One chunk as a stream, without the iterator that `Readable.from` puts in between. */
function streamOf(bytes: Uint8Array): Readable {
  return new Readable({
    read() {
      this.push(bytes);
      this.push(null);
    },
  });
}

/** Streams that verify themselves: against what, and what they verify. */
const verifying = new WeakMap<
  Readable,
  { readonly digest: string; readonly chunks: AsyncIterable<Buffer>; readonly lending: Lending }
>();

/**
 * A stream of verified chunks. The high-water mark is that of one chunk, so that nothing gathers and nothing is copied.
 * @param prefix bytes that were received earlier and are part of the digest.
 * @param lending what the chunks ask whether they may be lent.
 */
export function verifiedChunks(
  chunks: AsyncIterable<Buffer>,
  descriptor: Descriptor,
  prefix: { readonly hash: Hash; readonly bytes: number } | undefined = undefined,
  lending: Lending = { lent: false },
): Readable {
  const stream = Readable.from(verifyChunks(chunks, descriptor, prefix), {
    objectMode: false,
    highWaterMark: 1,
  });
  if (prefix === undefined) verifying.set(stream, { digest: descriptor.digest, chunks, lending });
  return stream;
}

/** A stream of bytes held in memory, verified here and now. @throws ProvisioningError `DIGEST_MISMATCH`. */
export function verifiedBytes(bytes: Buffer, descriptor: Descriptor): Readable {
  verifyBytes(descriptor, bytes);
  const stream = streamOf(bytes);
  verifying.set(stream, { digest: descriptor.digest, chunks: chunksOf(stream), lending: { lent: false } });
  return stream;
}

/** The same stream, verified; a stream that already verifies this descriptor is returned as it is. */
export function verified(stream: Readable, descriptor: Descriptor): Readable {
  if (verifying.get(stream)?.digest === descriptor.digest) return stream;
  return verifiedChunks(chunksOf(stream), descriptor);
}

/**
 * The chunks of a stream for a caller that verifies them itself and is done with each when it asks for the next. Nobody
 * may have read from the stream before.
 */
export function unverified(stream: Readable): AsyncIterable<Buffer> {
  const own = verifying.get(stream);
  if (own === undefined) return chunksOf(stream, { lent: true });
  own.lending.lent = true;
  return own.chunks;
}

/** Reads a stream into memory up to a limit. @throws ProvisioningError `CONTENT_TOO_LARGE`. */
export async function readAll(stream: Readable, limit: number, what: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunksOf(stream)) {
    size += chunk.length;
    if (size > limit) {
      throw new ProvisioningError({
        code: 'CONTENT_TOO_LARGE',
        message: `${what} is larger than ${limit} bytes`,
        hint: 'the source is damaged or dishonest',
      });
    }
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size);
}

/** Fetches small content into memory, verified. @throws ProvisioningError `CONTENT_TOO_LARGE`, `DIGEST_MISMATCH`. */
export async function fetchBytes(
  fetcher: Fetcher,
  descriptor: Descriptor,
  options: CallOptions & { readonly limit?: number } = {},
): Promise<Buffer> {
  const limit = options.limit ?? maxManifestBytes;
  if (descriptor.size > limit) {
    throw new ProvisioningError({
      code: 'CONTENT_TOO_LARGE',
      message: `${descriptor.digest} has ${descriptor.size} bytes, at most ${limit} are read`,
    });
  }
  const bytes = await readAll(await fetcher.fetch(descriptor, options), descriptor.size, descriptor.digest);
  verifyBytes(descriptor, bytes);
  return bytes;
}

/** Fetches and reads a manifest or index. @throws ProvisioningError `INVALID_MANIFEST`. */
export async function fetchManifest(
  fetcher: Fetcher,
  descriptor: Descriptor,
  options: CallOptions = {},
): Promise<Manifest | Index> {
  return parseManifest(await fetchBytes(fetcher, descriptor, options), descriptor.mediaType);
}
