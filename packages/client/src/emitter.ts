export type Listener<T> = (payload: T) => void;

interface Entry {
  readonly listener: Listener<never>;
  readonly once: boolean;
}

/**
 * Listeners by event name. An exception of a listener stops no other: it is told as `handlerError` (14 §5a).
 * The type parameter maps names to payloads; further names have unknown payloads.
 */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<string, Entry[]>();

  on<Name extends keyof Events & string>(name: Name, listener: Listener<Events[Name]>): this;
  on(name: string, listener: Listener<never>): this;
  on(name: string, listener: Listener<never>): this {
    return this.#add(name, listener, false);
  }

  off(name: string, listener: Listener<never>): this {
    const left = this.#listeners.get(name)?.filter((entry) => entry.listener !== listener) ?? [];
    if (left.length > 0) this.#listeners.set(name, left);
    else this.#listeners.delete(name);
    return this;
  }

  /** With a listener: called once. Without: a promise of the next payload, rejected when the signal is aborted. */
  once<Name extends keyof Events & string>(name: Name, listener: Listener<Events[Name]>): this;
  once<Name extends keyof Events & string>(
    name: Name,
    options?: { readonly signal?: AbortSignal },
  ): Promise<Events[Name]>;
  once(name: string, second?: Listener<never> | { readonly signal?: AbortSignal }): this | Promise<unknown> {
    if (typeof second === 'function') return this.#add(name, second, true);
    const signal = second?.signal;
    return new Promise((resolve, reject) => {
      const done = (payload: unknown) => {
        signal?.removeEventListener('abort', aborted);
        resolve(payload);
      };
      const aborted = () => {
        this.off(name, done as Listener<never>);
        reject(signal!.reason as Error);
      };
      if (signal?.aborted) return reject(signal.reason as Error);
      signal?.addEventListener('abort', aborted, { once: true });
      this.#add(name, done as Listener<never>, true);
    });
  }

  emit<Name extends keyof Events & string>(name: Name, payload: Events[Name]): boolean;
  emit(name: string, payload: unknown): boolean;
  emit(name: string, payload: unknown): boolean {
    const entries = this.#listeners.get(name);
    if (!entries) return false;
    for (const { listener, once } of [...entries]) {
      if (once) this.off(name, listener);
      try {
        (listener as Listener<unknown>)(payload);
      } catch (error) {
        if (name !== 'handlerError') this.emit('handlerError', error);
      }
    }
    return true;
  }

  listenerCount(name: string): number {
    return this.#listeners.get(name)?.length ?? 0;
  }

  removeAllListeners(name?: string): this {
    if (name === undefined) this.#listeners.clear();
    else this.#listeners.delete(name);
    return this;
  }

  #add(name: string, listener: Listener<never>, once: boolean): this {
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), { listener, once }]);
    return this;
  }
}
