import { ProvisioningError } from '@provisioning/extensions-sdk';

export interface RateLimit {
  /** Requests within the window. */
  readonly max: number;
  /** Seconds. */
  readonly window: number;
}

export interface RateState {
  readonly limit: number;
  readonly remaining: number;
  /** Seconds since the epoch. */
  readonly reset: number;
}

/** Milliseconds. */
export interface RateClock {
  /** Never jumps: windows are measured by it. */
  readonly monotonic: () => number;
  /** What callers are told a window's end in. */
  readonly wall: () => number;
}

const systemClock: RateClock = { monotonic: () => performance.now(), wall: () => Date.now() };

interface Entry {
  /** Times of the requests in the window by the monotonic clock, oldest first. */
  times: number[];
}

/**
 * Sliding-window limits by class and caller (13 §2). Entries unused for two windows are removed. A jump of the wall clock
 * neither frees nor locks anybody out.
 */
export class RateLimiter {
  readonly #limits: Readonly<Record<string, RateLimit>>;
  readonly #clock: RateClock;
  readonly #entries = new Map<string, Entry>();
  #swept = 0;
  #total = 0;

  constructor(limits: Readonly<Record<string, RateLimit>>, clock: RateClock = systemClock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** @throws ProvisioningError `RATE_LIMITED` with `retryAfter` */
  take(name: string, caller: string): RateState {
    const now = this.#clock.monotonic();
    const { max, window } = this.#limits[name] ?? { max: Infinity, window: 60 };
    this.#sweep(now);
    this.#total++;
    const key = `${name}:${caller}`;
    const entry = this.#entries.get(key) ?? { times: [] };
    this.#entries.set(key, entry);
    const begin = now - window * 1000;
    while (entry.times.length > 0 && entry.times[0]! <= begin) entry.times.shift();
    const oldest = entry.times[0] ?? now;
    const left = oldest + window * 1000 - now;
    const reset = Math.ceil((this.#clock.wall() + left) / 1000);
    if (entry.times.length >= max) {
      throw new ProvisioningError({
        code: 'RATE_LIMITED',
        kind: 'unavailable',
        message: `Rate limit exceeded: ${max} requests in ${window} s (${name})`,
        retryable: true,
        retryAfter: Math.max(1, Math.ceil(left / 1000)),
        details: { limit: max, remaining: 0, reset },
      });
    }
    entry.times.push(now);
    return { limit: max, remaining: max - entry.times.length, reset };
  }

  stats(): { readonly total_ips: number; readonly total_requests: number; readonly limited_ips: number } {
    const limited = [...this.#entries].filter(([key, { times }]) => {
      const name = key.slice(0, key.indexOf(':'));
      return times.length >= (this.#limits[name]?.max ?? Infinity);
    });
    return { total_ips: this.#entries.size, total_requests: this.#total, limited_ips: limited.length };
  }

  #sweep(now: number): void {
    if (now - this.#swept < 60_000) return;
    this.#swept = now;
    for (const [key, { times }] of this.#entries) {
      const { window } = this.#limits[key.slice(0, key.indexOf(':'))] ?? { window: 60 };
      if ((times.at(-1) ?? -Infinity) < now - 2 * window * 1000) this.#entries.delete(key);
    }
  }
}
