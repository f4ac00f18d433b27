/** The most recently used records, each for a while. */
export class RecordCache<T> {
  readonly #entries: number;
  readonly #lifetime: number;
  readonly #records = new Map<string, { readonly value: T; readonly until: number }>();

  constructor({ entries = 1000, lifetime = 300_000 }: { entries?: number; lifetime?: number } = {}) {
    this.#entries = entries;
    this.#lifetime = lifetime;
  }

  get size(): number {
    return this.#records.size;
  }

  get(key: string): T | undefined {
    const found = this.#records.get(key);
    if (!found) return undefined;
    this.#records.delete(key);
    if (found.until <= Date.now()) return undefined;
    this.#records.set(key, found);
    return found.value;
  }

  set(key: string, value: T): void {
    this.#records.delete(key);
    this.#records.set(key, { value, until: Date.now() + this.#lifetime });
    if (this.#records.size > this.#entries) this.#records.delete(this.#records.keys().next().value!);
  }

  clear(): void {
    this.#records.clear();
  }
}
