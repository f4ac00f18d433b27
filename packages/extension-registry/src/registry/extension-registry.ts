import { isDigest, type PackageKind, type StaticIndex, verified } from '@provisioning/distribution';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import semver from 'semver';
import type { Backend, BackendCall, BackendPackage } from '../backends/backend.ts';
import { LruCache } from '../cache/lru.ts';
import type { PackageCache } from '../cache/packages.ts';
import type { CacheSettings } from '../service/settings.ts';
import { type BackendErrorRecord, extensionNotFound, Failures, versionNotFound } from './failures.ts';
import type { GuardedBackend, Operation } from './guarded-backend.ts';
import { partOf } from './range.ts';
import { indexDocument } from './index-document.ts';
import {
  compare,
  type ExtensionRecord,
  recordOf,
  urlOf,
  versionRecord,
  type VersionRecord,
  withManifest,
} from './records.ts';
import { rank } from './search.ts';

/** A merged answer; `errors` names the backends that had none. */
export interface Merged<T> {
  readonly items: readonly T[];
  readonly errors: readonly BackendErrorRecord[];
  readonly cached: boolean;
}

const partialTtl = 30_000;
const missingTtl = 30_000;

/** One index over many backends: lists ask all of them, single things the first that has them (10 §2). */
export class ExtensionRegistry {
  readonly backends: readonly GuardedBackend[];
  /** Records; that a backend has not got something; that a package is there. */
  readonly metadata: LruCache<ExtensionRecord | 'missing' | 'here'>;
  readonly lists: LruCache<Merged<unknown>>;
  readonly versionLists: LruCache<Merged<unknown>>;
  readonly #cache: CacheSettings;
  readonly #packages: PackageCache | undefined;
  readonly #pending = new Map<string, Promise<unknown>>();

  constructor(
    backends: readonly GuardedBackend[],
    cache: CacheSettings,
    now: () => number,
    packages?: PackageCache,
  ) {
    this.#packages = packages;
    this.backends = backends.filter(({ backend }) => backend.enabled);
    this.#cache = cache;
    const make = (enabled: boolean): number => (enabled ? cache.capacity : 0);
    this.metadata = new LruCache({ capacity: make(cache.enable_metadata_cache), now });
    this.lists = new LruCache({ capacity: make(cache.enable_list_cache), now });
    this.versionLists = new LruCache({ capacity: make(cache.enable_list_cache), now });
  }

  /** Identical questions under way at once are asked once. */
  #shared<T>(key: string, work: () => Promise<T>): Promise<T> {
    const known = this.#pending.get(key) as Promise<T> | undefined;
    if (known !== undefined) return known;
    const running = work().finally(() => this.#pending.delete(key));
    this.#pending.set(key, running);
    return running;
  }

  /** Asks all backends at once. @throws ProvisioningError `BACKENDS_UNAVAILABLE` when none answered. */
  async #askAll<T>(
    operation: Operation,
    work: (backend: Backend, call: BackendCall) => Promise<T>,
  ): Promise<{
    readonly answers: readonly { readonly guard: GuardedBackend; readonly value: T }[];
    readonly errors: readonly BackendErrorRecord[];
  }> {
    const settled = await Promise.allSettled(this.backends.map((guard) => guard.run(operation, work)));
    const answers = settled.flatMap((result, index) =>
      result.status === 'fulfilled' ? [{ guard: this.backends[index]!, value: result.value }] : [],
    );
    const errors = settled.flatMap((result, index) =>
      result.status === 'rejected'
        ? [{ id: this.backends[index]!.backend.id, error: (result.reason as Error).message }]
        : [],
    );
    if (answers.length > 0) return { answers, errors };
    throw new ProvisioningError({
      code: 'BACKENDS_UNAVAILABLE',
      kind: 'unavailable',
      message: this.backends.length === 0 ? 'no backends configured' : 'No backend answered',
      details: { errors },
    });
  }

  async #merged<T>(
    cache: LruCache<Merged<unknown>>,
    key: string,
    work: () => Promise<Omit<Merged<T>, 'cached'>>,
  ): Promise<Merged<T>> {
    const known = cache.get(key) as Merged<T> | undefined;
    if (known !== undefined) return { ...known, cached: true };
    return this.#shared(key, async () => {
      const found = { ...(await work()), cached: false };
      cache.set(
        key,
        found,
        found.errors.length === 0
          ? this.#cache.ttl_seconds * 1000
          : Math.min(partialTtl, this.#cache.ttl_seconds * 1000),
      );
      return found;
    });
  }

  /** Everything, one entry a name and kind, newest version first come (10 §2 "Aggregation"). */
  list(options: {
    readonly type?: PackageKind;
    readonly prerelease: boolean;
  }): Promise<Merged<ExtensionRecord>> {
    return this.#merged(this.lists, `list|${options.type ?? ''}||${options.prerelease}`, async () => {
      const { answers, errors } = await this.#askAll('list', (backend, call) => backend.list(call));
      const merged = new Map<string, ExtensionRecord>();
      for (const { guard, value } of answers) {
        for (const extension of value) {
          if (options.type !== undefined && extension.type !== options.type) continue;
          const record = recordOf(guard.backend, extension, options.prerelease);
          if (record === undefined) continue;
          const key = `${extension.type}/${extension.name}`;
          const known = merged.get(key);
          const better = known === undefined || semver.gt(record.version, known.version) ? record : known;
          merged.set(key, { ...better, available_in: [...(known?.available_in ?? []), guard.backend.id] });
        }
      }
      const items = [...merged.values()].sort((a, b) =>
        a.name === b.name ? compare(a.type, b.type) : compare(a.name, b.name),
      );
      return { items, errors };
    });
  }

  /** Search by exact name, prefix, part of a name, tag, description, in this order. */
  async search(
    query: string,
    options: { readonly type?: PackageKind; readonly prerelease: boolean },
  ): Promise<Merged<ExtensionRecord>> {
    const all = await this.list(options);
    return { ...all, items: rank(all.items, query) };
  }

  /** Every version of one extension, from all backends. @throws ProvisioningError `EXTENSION_NOT_FOUND`. */
  async versions(type: PackageKind, name: string, prerelease: boolean): Promise<Merged<VersionRecord>> {
    const found = await this.#merged(
      this.versionLists,
      `versions|${type}|${name}|${prerelease}`,
      async () => {
        const { answers, errors } = await this.#askAll('find', (backend, call) =>
          backend.find(type, name, call),
        );
        const merged = new Map<string, VersionRecord>();
        for (const { guard, value } of answers) {
          for (const version of value?.versions ?? []) {
            if (version.prerelease && !prerelease) continue;
            const known = merged.get(version.version);
            const { id, kind } = guard.backend;
            merged.set(version.version, {
              ...(known ?? {
                ...version,
                backend: { id, kind },
                download_url: urlOf(type, name, version.version),
              }),
              available_in: [...(known?.available_in ?? []), id],
            });
          }
        }
        return { items: [...merged.values()].sort((a, b) => semver.rcompare(a.version, b.version)), errors };
      },
    );
    if (found.items.length === 0 && found.errors.length === 0) throw extensionNotFound(type, name);
    return found;
  }

  /** The newest stable version of the first backend that has the extension (10 §2 "Fallback"). */
  async get(
    type: PackageKind,
    name: string,
  ): Promise<{ readonly record: ExtensionRecord; readonly cached: boolean }> {
    return this.#fallback('get', `${type}|${name}`, extensionNotFound(type, name), async (backend, call) => {
      const extension = await backend.find(type, name, call);
      const record = extension === undefined ? undefined : recordOf(backend, extension, false);
      if (record === undefined) return undefined;
      const manifest = await backend.manifest(type, name, record.version, call);
      return withManifest({ ...record, available_in: [backend.id] }, manifest);
    });
  }

  /** The manifest of one version. */
  async manifest(
    type: PackageKind,
    name: string,
    version: string,
  ): Promise<{ readonly record: ExtensionRecord; readonly cached: boolean }> {
    return this.#fallback(
      'manifest',
      `${type}|${name}|${version}`,
      versionNotFound(type, name, version),
      async (backend, call) => {
        const manifest = await backend.manifest(type, name, version, call);
        if (manifest === undefined) return undefined;
        return versionRecord(backend, type, name, { ...manifest, version });
      },
    );
  }

  /** The backends in their order, each with what is known of it about a thing (10 §2 "Fallback"). */
  #places(key: string) {
    return this.backends.map((guard) => ({
      guard,
      known: this.metadata.get(`${guard.backend.id}|${key}`),
    }));
  }

  async #fallback(
    operation: Operation,
    key: string,
    notFound: ProvisioningError,
    work: (backend: Backend, call: BackendCall) => Promise<ExtensionRecord | undefined>,
  ): Promise<{ readonly record: ExtensionRecord; readonly cached: boolean }> {
    const places = this.#places(key);
    const known = places.find(({ known }) => typeof known === 'object')?.known;
    if (typeof known === 'object') return { record: known, cached: true };
    return this.#shared(`get|${key}`, async () => {
      const failures = new Failures();
      for (const { guard, known: before } of places) {
        if (before === 'missing') continue;
        const { id } = guard.backend;
        try {
          const record = await guard.run(operation, work);
          this.metadata.set(
            `${id}|${key}`,
            record ?? 'missing',
            record === undefined ? missingTtl : this.#cache.ttl_seconds * 1000,
          );
          if (record !== undefined) return { record, cached: false };
        } catch (error) {
          failures.add(id, error);
        }
      }
      throw failures.verdict(notFound);
    });
  }

  /** The package of a version; once it streams, a break is the client's to see (10 §2). */
  async download(
    type: PackageKind,
    name: string,
    version: string,
  ): Promise<BackendPackage & { readonly backend: Backend; readonly version: string }> {
    const wanted = version === 'latest' ? (await this.get(type, name)).record.version : version;
    const failures = new Failures();
    const key = `package|${type}|${name}|${wanted}`;
    const places = this.#places(key).filter(({ known }) => known !== 'missing');
    // Where it was found before is asked first.
    const order = [...places].sort((a, b) => Number(b.known === 'here') - Number(a.known === 'here'));
    for (const { guard } of order) {
      const { id } = guard.backend;
      try {
        const found = await guard.run('download', (backend) =>
          backend.download(type, name, wanted, { signal: AbortSignal.timeout(600_000) }),
        );
        const ttl = found === undefined ? missingTtl : this.#cache.ttl_seconds * 1000;
        this.metadata.set(`${id}|${key}`, found === undefined ? 'missing' : 'here', ttl);
        if (found !== undefined) {
          const checked = checkedPackage(await this.#kept(found));
          // Who began to read sees a broken transfer; the next one may be served by another backend.
          checked.stream.once('error', (error) => guard.blame(error));
          return { ...checked, backend: guard.backend, version: wanted };
        }
      } catch (error) {
        failures.add(id, error);
      }
    }
    throw failures.verdict(versionNotFound(type, name, wanted));
  }

  /** A package whose digest is known beforehand comes from the disk, checked, where that cache is on. */
  async #kept(found: BackendPackage): Promise<BackendPackage> {
    const { digest, size } = found;
    if (this.#packages === undefined || size === undefined || !isDigest(digest)) return found;
    let used = false;
    const fetch = async (): Promise<BackendPackage['stream']> => {
      used = true;
      return found.stream;
    };
    const stream = await this.#packages.open({ digest, size }, fetch);
    if (!used) found.stream.destroy();
    return { ...found, stream };
  }

  /** What all backends hold as a static index (10 §7). */
  async index(now: Date): Promise<StaticIndex> {
    const { answers } = await this.#askAll('list', (backend, call) => backend.list(call));
    return indexDocument(
      answers.map(({ guard, value }) => ({ backend: guard.backend, extensions: value })),
      now,
    );
  }

  clear(scope: 'metadata' | 'list' | 'version' | undefined): void {
    if (scope === undefined || scope === 'metadata') this.metadata.clear();
    if (scope === undefined || scope === 'list') this.lists.clear();
    if (scope === undefined || scope === 'version') this.versionLists.clear();
  }
}

/**
 * A package whose digest is known beforehand is verified as it passes, wherever it comes from. Its last bytes wait for
 * the verdict: otherwise a client that counts them would take a falsified package for complete.
 */
function checkedPackage(found: BackendPackage): BackendPackage {
  const { digest, size, mediaType, stream } = found;
  if (size === undefined || !isDigest(digest)) return found;
  const whole = verified(stream, { digest, size, mediaType });
  return { ...found, stream: partOf(whole, { first: 0, last: size - 1 }) };
}
