import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Descriptor } from '../oci/descriptor.ts';
import { chunksOf, largeBytes } from '../oci/chunks.ts';
import { type Digest, digestOf, parseDigest } from '../oci/digest.ts';
import { appendStream } from './append.ts';
import { appendVerified } from './append-verified.ts';
import { blobNotFound } from '../oci/errors.ts';
import { unverified, verified, verifiedChunks } from '../oci/content.ts';
import type { ContentSource } from '../oci/target.ts';

/** Blobs at least this large keep what was received when a transfer breaks. */
const resumableBytes = 1024 * 1024;

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

/** Whether a broken transfer may be continued: what arrived is then still a prefix of the right content. */
function mayContinue(error: unknown): boolean {
  return !(
    error instanceof ProvisioningError &&
    ['DIGEST_MISMATCH', 'SIZE_MISMATCH', 'CONTENT_TOO_LARGE'].includes(error.code)
  );
}

/**
 * The `blobs` folder of an image layout (image-spec "Image Layout"). A blob appears under its name only complete and
 * verified; until then it grows in `partial`, where the next attempt finds it.
 */
export class BlobFolder {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  path(digest: Digest): string {
    const { algorithm, hex } = parseDigest(digest);
    return join(this.#root, 'blobs', algorithm, hex);
  }

  #partial(digest: Digest): string {
    return join(this.#root, 'partial', digest.replace(':', '-'));
  }

  /** Size of a stored blob, `undefined` when it is not there. */
  async size(digest: Digest): Promise<number | undefined> {
    try {
      return (await stat(this.path(digest))).size;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async has(descriptor: Descriptor): Promise<boolean> {
    return (await this.size(descriptor.digest)) === descriptor.size;
  }

  async read(descriptor: Descriptor, offset = 0): Promise<Readable> {
    const size = await this.size(descriptor.digest);
    if (size === undefined) throw blobNotFound(descriptor.digest, this.#root);
    const stream = createReadStream(this.path(descriptor.digest), {
      start: offset,
      highWaterMark: 256 * 1024,
    });
    return offset === 0 ? verified(stream, descriptor) : stream;
  }

  /** All of a stored blob, `undefined` when it is not there; a damaged one is removed. */
  async bytes(descriptor: Descriptor): Promise<Buffer | undefined> {
    try {
      const bytes = await readFile(this.path(descriptor.digest));
      const { algorithm } = parseDigest(descriptor.digest);
      if (digestOf(bytes, algorithm) === descriptor.digest) return bytes;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
    await this.remove(descriptor.digest);
    return undefined;
  }

  /** Stores content that is in memory and verified. */
  async put(descriptor: Descriptor, bytes: Uint8Array): Promise<void> {
    const final = this.path(descriptor.digest);
    const growing = `${this.#partial(descriptor.digest)}.${process.pid}-${randomBytes(4).toString('hex')}`;
    const write = (): Promise<void> => writeFile(growing, bytes, { mode: 0o644 });
    try {
      await write().catch(async (error: unknown) => {
        if (!isMissing(error)) throw error;
        await mkdir(dirname(growing), { recursive: true });
        await write();
      });
      await rename(growing, final).catch(async (error: unknown) => {
        if (!isMissing(error)) throw error;
        await mkdir(dirname(final), { recursive: true });
        await rename(growing, final);
      });
    } catch (error) {
      await rm(growing, { force: true });
      throw error;
    }
  }

  async write(descriptor: Descriptor, content: ContentSource, signal?: AbortSignal): Promise<void> {
    const final = this.path(descriptor.digest);
    const growing = `${this.#partial(descriptor.digest)}.${process.pid}-${randomBytes(4).toString('hex')}`;
    await Promise.all([
      mkdir(dirname(final), { recursive: true }),
      mkdir(dirname(growing), { recursive: true }),
    ]);
    const prefix = await this.#claim(descriptor, growing);
    try {
      const stream = await content(prefix.bytes);
      const options = { mode: 0o644, ...(signal === undefined ? {} : { signal }) };
      if (prefix.bytes > 0)
        await appendStream(growing, verifiedChunks(chunksOf(stream), descriptor, prefix), options);
      else if (descriptor.size < largeBytes)
        await appendStream(growing, verified(stream, descriptor), options);
      else await appendVerified(growing, unverified(stream), descriptor, options);
      await rename(growing, final);
    } catch (error) {
      await this.#abandon(descriptor, growing, error);
      throw error;
    }
  }

  /** Takes over what an earlier attempt left, so that two processes never append to one file. */
  async #claim(descriptor: Descriptor, growing: string) {
    const hash = createHash(parseDigest(descriptor.digest).algorithm);
    try {
      await rename(this.#partial(descriptor.digest), growing);
    } catch (error) {
      if (isMissing(error)) return { hash, bytes: 0 };
      throw error;
    }
    let bytes = 0;
    for await (const chunk of createReadStream(growing) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      bytes += chunk.length;
    }
    if (bytes < descriptor.size) return { hash, bytes };
    await rm(growing, { force: true });
    return { hash: createHash(parseDigest(descriptor.digest).algorithm), bytes: 0 };
  }

  async #abandon(descriptor: Descriptor, growing: string, error: unknown): Promise<void> {
    const keep = descriptor.size >= resumableBytes && mayContinue(error);
    try {
      if (keep) await rename(growing, this.#partial(descriptor.digest));
      else await rm(growing, { force: true });
    } catch (problem) {
      if (!isMissing(problem)) throw problem;
    }
  }

  async remove(digest: Digest): Promise<void> {
    await rm(this.path(digest), { force: true });
  }

  /** Marks a blob as used now; the cache evicts by this time. */
  async touch(digest: Digest): Promise<void> {
    const now = new Date();
    await utimes(this.path(digest), now, now).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
  }

  /** Every stored blob with its size and time of last use. */
  async list(): Promise<
    readonly { readonly digest: Digest; readonly size: number; readonly used: number }[]
  > {
    const found: { digest: Digest; size: number; used: number }[] = [];
    for (const algorithm of ['sha256', 'sha512']) {
      const folder = join(this.#root, 'blobs', algorithm);
      const names = await readdir(folder).catch((error: unknown) => {
        if (isMissing(error)) return [] as string[];
        throw error;
      });
      for (const name of names) {
        const details = await stat(join(folder, name));
        found.push({ digest: `${algorithm}:${name}`, size: details.size, used: details.mtimeMs });
      }
    }
    return found;
  }

  /** Removes what broken transfers left longer ago than `age` milliseconds. */
  async cleanPartial(age: number): Promise<void> {
    const folder = join(this.#root, 'partial');
    const names = await readdir(folder).catch(() => [] as string[]);
    for (const name of names) {
      const details = await stat(join(folder, name)).catch(() => undefined);
      if (details !== undefined && Date.now() - details.mtimeMs > age)
        await rm(join(folder, name), { force: true });
    }
  }
}
