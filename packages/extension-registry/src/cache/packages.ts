import { Readable } from 'node:stream';
import { BlobFolder, type Digest } from '@provisioning/distribution';

/** Packages on disk, by content; one is there only after its digest matched (10 §4). */
export class PackageCache {
  readonly #blobs: BlobFolder;
  readonly #maxBytes: number;

  constructor(path: string, maxBytes: number) {
    this.#blobs = new BlobFolder(path);
    this.#maxBytes = maxBytes;
  }

  /** The package from the disk, fetched first when it is not there. @throws ProvisioningError `DIGEST_MISMATCH`. */
  async open(
    content: { readonly digest: Digest; readonly size: number },
    fetch: () => Promise<Readable>,
  ): Promise<Readable> {
    const descriptor = { mediaType: 'application/octet-stream', ...content };
    if (await this.#blobs.has(descriptor)) await this.#blobs.touch(content.digest);
    else {
      await this.#blobs.write(descriptor, async (offset) => Readable.from(without(await fetch(), offset)));
      await this.#makeRoom();
    }
    return this.#blobs.read(descriptor);
  }

  /** Removes what was used longest ago until the rest fits; the newest stays. */
  async #makeRoom(): Promise<void> {
    const all = [...(await this.#blobs.list())].sort((a, b) => a.used - b.used);
    let total = all.reduce((sum, { size }) => sum + size, 0);
    for (const { digest, size } of all.slice(0, -1)) {
      if (total <= this.#maxBytes) return;
      await this.#blobs.remove(digest);
      total -= size;
    }
  }
}

/** A stream without its first bytes: what an earlier attempt has already. */
async function* without(stream: Readable, offset: number): AsyncGenerator<Buffer> {
  let left = offset;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (chunk.length > left) yield chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}
