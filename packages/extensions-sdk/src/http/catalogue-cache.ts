import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProvisioningError } from '../error.ts';

/** Plans, zones, images and prices stay for a day (06 §8). */
export const catalogueLifetime = 24 * 60 * 60 * 1000;

interface Entry {
  readonly fetched_at: number;
  readonly value: unknown;
}

/**
 * What rarely changes at a provider, kept on disk. An entry past its time is fetched again; when the provider can't be
 * reached, the old one is used with a warning.
 */
export class CatalogueCache {
  readonly #directory: string;
  readonly #scope: string;
  readonly #now: () => number;
  readonly #warn: (message: string) => void;
  readonly #loading = new Map<string, Promise<unknown>>();

  constructor(options: {
    readonly directory: string;
    /** What the entries belong to, such as the base URL; part of the file name. */
    readonly scope: string;
    readonly now: () => number;
    readonly warn: (message: string) => void;
  }) {
    this.#directory = options.directory;
    this.#scope = createHash('sha256').update(options.scope).digest('hex').slice(0, 8);
    this.#now = options.now;
    this.#warn = options.warn;
  }

  /** The entry `key`, loaded when it is absent, older than a day, or `refresh` is set. */
  get<T>(key: string, load: () => Promise<T>, options: { readonly refresh?: boolean } = {}): Promise<T> {
    let loading = this.#loading.get(key) as Promise<T> | undefined;
    if (loading === undefined) {
      loading = this.#get(key, load, options.refresh ?? false).finally(() => this.#loading.delete(key));
      this.#loading.set(key, loading);
    }
    return loading;
  }

  async #get<T>(key: string, load: () => Promise<T>, refresh: boolean): Promise<T> {
    const file = join(
      this.#directory,
      `catalogue-${this.#scope}-${key.replaceAll(/[^A-Za-z0-9_-]/g, '_')}.json`,
    );
    const known = await readEntry(file);
    const age = known === undefined ? Infinity : this.#now() - known.fetched_at;
    if (known !== undefined && !refresh && age >= 0 && age < catalogueLifetime) return known.value as T;
    try {
      const value = await load();
      await this.#store(file, { fetched_at: this.#now(), value });
      return value;
    } catch (error) {
      const offline = error instanceof ProvisioningError && error.kind === 'unavailable';
      if (known === undefined || !offline) throw error;
      const hours = Math.max(1, Math.round(age / 3_600_000));
      this.#warn(`Using the ${key} of ${hours} h ago: ${error.message}`);
      return known.value as T;
    }
  }

  /** A cache that can't be written costs time, never the answer. */
  async #store(file: string, entry: Entry): Promise<void> {
    try {
      await mkdir(this.#directory, { recursive: true });
      const temporary = `${file}.${process.pid}`;
      await writeFile(temporary, JSON.stringify(entry));
      await rename(temporary, file);
    } catch (error) {
      this.#warn(`The catalogue can't be cached in ${this.#directory}: ${(error as Error).message}`);
    }
  }
}

async function readEntry(file: string): Promise<Entry | undefined> {
  try {
    const entry = JSON.parse(await readFile(file, 'utf8')) as Entry;
    return typeof entry.fetched_at === 'number' && 'value' in entry ? entry : undefined;
  } catch {
    return undefined;
  }
}
