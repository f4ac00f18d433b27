import type { Readable } from 'node:stream';
import { artifactNotFound, blobNotFound } from './errors.ts';
import { fromBytes, readAll, verified, verifiedBytes } from './content.ts';
import type { Descriptor } from './descriptor.ts';
import { type Digest, isDigest } from './digest.ts';
import { effectiveArtifactType, parseManifest } from './manifest.ts';
import { isManifestType } from './media-types.ts';
import type { ContentSource, Target } from './target.ts';

/** A repository in memory: what is packed before it is pushed, and what tests compare with. */
export class MemoryTarget implements Target {
  readonly #content = new Map<Digest, { readonly bytes: Buffer; readonly descriptor: Descriptor }>();
  readonly #tags = new Map<string, Digest>();
  readonly #referrers = new Map<Digest, Descriptor[]>();

  /** Stores bytes under their descriptor without a stream. */
  add(descriptor: Descriptor, bytes: Uint8Array): void {
    if (this.#content.has(descriptor.digest)) return;
    const stored = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#content.set(descriptor.digest, { bytes: stored, descriptor });
    if (!isManifestType(descriptor.mediaType)) return;
    const manifest = parseManifest(stored, descriptor.mediaType);
    if (manifest.subject === undefined) return;
    const list = this.#referrers.get(manifest.subject.digest) ?? [];
    const artifactType = effectiveArtifactType(manifest);
    list.push({
      mediaType: descriptor.mediaType,
      digest: descriptor.digest,
      size: descriptor.size,
      ...(artifactType === undefined ? {} : { artifactType }),
      ...(manifest.annotations === undefined ? {} : { annotations: manifest.annotations }),
    });
    this.#referrers.set(manifest.subject.digest, list);
  }

  async fetch(descriptor: Descriptor, options: { readonly offset?: number } = {}): Promise<Readable> {
    const found = this.#content.get(descriptor.digest);
    if (found === undefined) throw blobNotFound(descriptor.digest);
    const offset = options.offset ?? 0;
    return offset === 0 ? verifiedBytes(found.bytes, descriptor) : fromBytes(found.bytes)(offset);
  }

  async push(
    descriptor: Descriptor,
    content: ContentSource,
    options: { readonly reference?: string } = {},
  ): Promise<void> {
    if (!this.#content.has(descriptor.digest)) {
      const stream = verified(await content(0), descriptor);
      this.add(descriptor, await readAll(stream, descriptor.size, descriptor.digest));
    }
    if (options.reference !== undefined) this.#tags.set(options.reference, descriptor.digest);
  }

  async exists(descriptor: Descriptor): Promise<boolean> {
    return this.#content.has(descriptor.digest);
  }

  async resolve(reference: string): Promise<Descriptor> {
    const digest = isDigest(reference) ? reference : this.#tags.get(reference);
    const found = digest === undefined ? undefined : this.#content.get(digest);
    if (found === undefined) throw artifactNotFound(reference, [...this.#tags.keys()]);
    const { mediaType, size } = found.descriptor;
    return { mediaType, digest: found.descriptor.digest, size };
  }

  async tag(descriptor: Descriptor, reference: string): Promise<void> {
    if (!this.#content.has(descriptor.digest)) throw blobNotFound(descriptor.digest);
    this.#tags.set(reference, descriptor.digest);
  }

  async untag(reference: string): Promise<void> {
    if (!this.#tags.delete(reference)) throw artifactNotFound(reference, [...this.#tags.keys()]);
  }

  async tags(): Promise<readonly string[]> {
    return [...this.#tags.keys()].sort();
  }

  async referrers(
    descriptor: Descriptor,
    options: { readonly artifactType?: string } = {},
  ): Promise<readonly Descriptor[]> {
    const all = this.#referrers.get(descriptor.digest) ?? [];
    return all.filter(
      (entry) => options.artifactType === undefined || entry.artifactType === options.artifactType,
    );
  }
}
