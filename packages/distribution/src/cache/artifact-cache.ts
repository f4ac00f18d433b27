import { withFileLock, writeFileAtomic } from '@provisioning/core';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ImageLayout } from '../layout/layout.ts';
import { fetchBytes } from '../oci/content.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { refNameAnnotation } from '../oci/media-types.ts';
import type { CallOptions, Source } from '../oci/target.ts';

/** Content up to this size passes through memory: no half of it is ever kept, and nobody reads again what came in. */
const smallBytes = 1024 * 1024;

/** What is remembered of a reference. */
interface TagEntry {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  /** Milliseconds since the epoch of the last answer of the registry. */
  readonly checked_at: number;
}

export interface CacheOptions {
  /** Bytes above which least recently used blobs go. Default 5 GiB (09 §5). */
  readonly maxBytes?: number;
  /** Milliseconds for which a tag is not asked again. Default 300 000. */
  readonly tagLifetime?: number;
  readonly now?: () => number;
}

export interface CachedSourceOptions {
  /** Ask the registry for every tag (`extensions.pull_policy = "always"`). */
  readonly always?: boolean;
  /** Use nothing but the cache. */
  readonly offline?: boolean;
}

/**
 * The cache of artifacts: an OCI image layout with `tags.json`, shared by any number of processes (09 §9). Blobs are
 * verified when they come in and when they are used; a damaged one is fetched again.
 */
export class ArtifactCache {
  readonly root: string;
  readonly layout: ImageLayout;
  readonly #options: CacheOptions;
  readonly #verified = new Set<Digest>();
  readonly #fresh = new Map<string, TagEntry>();
  #tags: Promise<Map<string, TagEntry>> | undefined;

  constructor(root: string, options: CacheOptions = {}) {
    this.root = root;
    this.layout = new ImageLayout(root);
    this.#options = options;
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }

  async #readTags(): Promise<Map<string, TagEntry>> {
    const text = await readFile(join(this.root, 'tags.json'), 'utf8').catch(() => '{}');
    try {
      const entries = Object.entries(JSON.parse(text) as Record<string, TagEntry>);
      return new Map(
        entries.filter(([, entry]) => isDigest(entry?.digest) && Number.isSafeInteger(entry.size)),
      );
    } catch {
      // The file only saves questions; one that cannot be read is worth nothing and written anew.
      return new Map();
    }
  }

  /** A view of a repository through the cache. `name` is `host/repository`. */
  source(name: string, remote: Source | undefined, options: CachedSourceOptions = {}): Source {
    return new CachedSource(this, name, options.offline === true ? undefined : remote, options);
  }

  async lookUp(reference: string): Promise<TagEntry | undefined> {
    this.#tags ??= this.#readTags();
    return this.#fresh.get(reference) ?? (await this.#tags).get(reference);
  }

  /** Tags of a repository that are known here, for work without the registry. */
  async tagsOf(name: string): Promise<readonly string[]> {
    this.#tags ??= this.#readTags();
    const known = [...(await this.#tags).keys(), ...this.#fresh.keys()];
    const prefix = `${name}:`;
    return [
      ...new Set(known.filter((one) => one.startsWith(prefix)).map((one) => one.slice(prefix.length))),
    ].sort();
  }

  isFresh(entry: TagEntry): boolean {
    return this.#now() - entry.checked_at < (this.#options.tagLifetime ?? 300_000);
  }

  remember(reference: string, { mediaType, digest, size }: Descriptor): void {
    this.#fresh.set(reference, { mediaType, digest, size, checked_at: this.#now() });
  }

  /** Whether content is here and undamaged; a damaged blob is removed. */
  async holds(descriptor: Descriptor): Promise<boolean> {
    if (!(await this.layout.blobs.has(descriptor))) return false;
    if (this.#verified.has(descriptor.digest)) return true;
    try {
      const stream = await this.layout.blobs.read(descriptor);
      stream.resume();
      await finished(stream);
    } catch (error) {
      if (error instanceof ProvisioningError && /MISMATCH$/.test(error.code)) {
        await this.layout.blobs.remove(descriptor.digest);
        return false;
      }
      throw error;
    }
    this.#verified.add(descriptor.digest);
    return true;
  }

  async store(descriptor: Descriptor, remote: Source, options: CallOptions): Promise<void> {
    await this.layout.blobs.write(
      descriptor,
      (offset) => remote.fetch(descriptor, { ...options, offset }),
      options.signal,
    );
    this.#verified.add(descriptor.digest);
  }

  /** Small content as a whole: what is here and undamaged, else what the registry has. */
  async small(
    descriptor: Descriptor,
    remote: Source | undefined,
    options: CallOptions,
  ): Promise<Buffer | undefined> {
    const held = await this.layout.blobs.bytes(descriptor);
    if (held !== undefined) {
      await this.layout.blobs.touch(descriptor.digest);
      return held;
    }
    if (remote === undefined) return undefined;
    const bytes = await fetchBytes(remote, descriptor, { ...options, limit: smallBytes });
    await this.layout.blobs.put(descriptor, bytes);
    return bytes;
  }

  /** Writes what was learned about tags, for the next process. Call it once at the end of a command. */
  async flush(): Promise<void> {
    if (this.#fresh.size === 0) return;
    await withFileLock(join(this.root, '.tags'), async () => {
      const all = await this.#readTags();
      for (const [reference, entry] of this.#fresh) all.set(reference, entry);
      const sorted = [...all].sort(([a], [b]) => (a < b ? -1 : 1));
      const named = new Map(sorted);
      await Promise.all([
        writeFileAtomic(join(this.root, 'tags.json'), JSON.stringify(Object.fromEntries(sorted)), 0o644),
        this.layout.index.update((entries) => [
          ...entries.filter((entry) => !named.has(entry.annotations?.[refNameAnnotation] ?? '')),
          ...sorted.map(asEntry),
        ]),
      ]);
    });
    this.#fresh.clear();
    this.#tags = undefined;
  }

  /** Number and bytes of blobs, for `oci cache stats`. */
  async stats(): Promise<{ readonly blobs: number; readonly bytes: number; readonly tags: number }> {
    const blobs = await this.layout.blobs.list();
    const bytes = blobs.reduce((sum, { size }) => sum + size, 0);
    return { blobs: blobs.length, bytes, tags: (await this.#readTags()).size };
  }

  /**
   * Removes least recently used blobs down to the limit, or those unused for `olderThan` milliseconds.
   * @param keep content of locks that must stay, with everything it needs.
   */
  async clean(
    options: {
      readonly olderThan?: number;
      readonly all?: boolean;
      readonly keep?: ReadonlySet<Digest>;
    } = {},
  ): Promise<{ readonly removed: number; readonly bytes: number }> {
    const blobs = [...(await this.layout.blobs.list())].sort((a, b) => a.used - b.used);
    const limit = this.#options.maxBytes ?? 5 * 1024 ** 3;
    let total = blobs.reduce((sum, { size }) => sum + size, 0);
    let removed = 0;
    let bytes = 0;
    for (const blob of blobs) {
      const old = options.olderThan !== undefined && this.#now() - blob.used >= options.olderThan;
      const over = options.olderThan === undefined && total > limit;
      if ((options.all !== true && !old && !over) || options.keep?.has(blob.digest) === true) continue;
      await this.layout.blobs.remove(blob.digest);
      total -= blob.size;
      bytes += blob.size;
      removed++;
    }
    await this.layout.blobs.cleanPartial(options.all === true ? 0 : 7 * 86_400_000);
    return { removed, bytes };
  }
}

function asEntry([reference, { mediaType, digest, size }]: readonly [string, TagEntry]): Descriptor {
  return { mediaType, digest, size, annotations: { [refNameAnnotation]: reference } };
}

class CachedSource implements Source {
  readonly #cache: ArtifactCache;
  readonly #name: string;
  readonly #remote: Source | undefined;
  readonly #options: CachedSourceOptions;

  constructor(cache: ArtifactCache, name: string, remote: Source | undefined, options: CachedSourceOptions) {
    this.#cache = cache;
    this.#name = name;
    this.#remote = remote;
    this.#options = options;
  }

  async resolve(reference: string, options: CallOptions = {}): Promise<Descriptor> {
    const full = `${this.#name}${isDigest(reference) ? '@' : ':'}${reference}`;
    const known = await this.#cache.lookUp(full);
    const usable =
      isDigest(reference) ||
      this.#remote === undefined ||
      (this.#options.always !== true && known !== undefined && this.#cache.isFresh(known));
    if (known !== undefined && usable)
      return { mediaType: known.mediaType, digest: known.digest, size: known.size };
    if (this.#remote === undefined) return this.#imported(reference, full);
    const descriptor = await this.#remote.resolve(reference, options);
    this.#cache.remember(full, descriptor);
    return descriptor;
  }

  /** Bundles are imported as entries of the layout, signatures included. */
  async #imported(reference: string, full: string): Promise<Descriptor> {
    try {
      return await this.#cache.layout.repository(this.#name).resolve(reference);
    } catch (error) {
      throw error instanceof ProvisioningError && error.kind === 'not-found' ? notInCache(full) : error;
    }
  }

  async fetch(
    descriptor: Descriptor,
    options: CallOptions & { readonly offset?: number } = {},
  ): Promise<Readable> {
    if (descriptor.size <= smallBytes) {
      const bytes = await this.#cache.small(descriptor, this.#remote, options);
      if (bytes === undefined) throw notInCache(`${this.#name}@${descriptor.digest}`);
      return Readable.from([bytes.subarray(options.offset ?? 0)], { objectMode: false });
    }
    if (!(await this.#cache.holds(descriptor))) {
      if (this.#remote === undefined) throw notInCache(`${this.#name}@${descriptor.digest}`);
      await this.#cache.store(descriptor, this.#remote, options);
    } else await this.#cache.layout.blobs.touch(descriptor.digest);
    return this.#cache.layout.blobs.read(descriptor, options.offset);
  }

  async referrers(
    descriptor: Descriptor,
    options?: CallOptions & { readonly artifactType?: string },
  ): Promise<readonly Descriptor[]> {
    if (this.#remote !== undefined) return this.#remote.referrers(descriptor, options);
    return this.#cache.layout.repository(this.#name).referrers(descriptor, options);
  }
}

function notInCache(reference: string): ProvisioningError {
  return new ProvisioningError({
    code: 'NOT_IN_CACHE',
    kind: 'not-found',
    message: `Not in cache: ${reference}`,
    hint: 'run the command once without --offline, or import a bundle that has it',
  });
}
