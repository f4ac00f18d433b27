import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ProviderError } from '../provider-error.ts';
import type { Clock } from './clock.ts';

export interface RateLimit {
  readonly requestsPerMinute: number;
  /** Requests that may go out at once after a pause. */
  readonly burst: number;
}

/** 60 requests a minute, 10 at once (S:25475-25478). */
export const defaultRateLimit: RateLimit = { requestsPerMinute: 60, burst: 10 };

interface BucketState {
  /** Tokens at `at`; negative when callers already wait for theirs. */
  tokens: number;
  /** Milliseconds since the epoch. */
  at: number;
  /** No request goes out before this instant: the service said so. */
  blockedUntil?: number;
}

const staleLock = 2000;

/**
 * A token bucket for one account at one provider. Its state is a small file, so all processes of a user share the limit
 * (06 §8). A caller takes its token at once, possibly on credit, and waits until the token is due: first come, first
 * served, without a queue.
 */
export class TokenBucket {
  readonly #file: string | undefined;
  readonly #limit: RateLimit;
  readonly #clock: Clock;
  #memory: BucketState | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: {
    readonly limit: RateLimit;
    readonly clock: Clock;
    /** Folder and key of the shared state; without a folder the bucket is this process's own. */
    readonly cacheDir?: string;
    readonly key: string;
  }) {
    this.#limit = options.limit;
    this.#clock = options.clock;
    const name = createHash('sha256').update(options.key).digest('hex').slice(0, 16);
    this.#file = options.cacheDir === undefined ? undefined : join(options.cacheDir, `rate-${name}.json`);
  }

  /**
   * Waits for permission to send one request.
   * @throws ProviderError `rate_limited` when the wait would exceed `longest` seconds; no token is taken then.
   */
  async take(options: {
    readonly longest: number;
    readonly provider: string;
    readonly operation: string;
    readonly signal?: AbortSignal;
  }): Promise<void> {
    let wait = 0;
    await this.#change((state) => {
      const due = state.tokens >= 1 ? 0 : ((1 - state.tokens) * 60_000) / this.#limit.requestsPerMinute;
      wait = Math.max(due, (state.blockedUntil ?? 0) - state.at);
      if (wait > options.longest * 1000) return state;
      return { ...state, tokens: state.tokens - 1 };
    });
    if (wait > options.longest * 1000) {
      const seconds = Math.ceil(wait / 1000);
      throw new ProviderError({
        provider: options.provider,
        operation: options.operation,
        code: 'rate_limited',
        message: `Rate limit exceeded, retry in ${seconds} s`,
        help: `The limit is ${this.#limit.requestsPerMinute} requests a minute; see providers.${options.provider}.rate_limit.`,
        retryAfter: seconds,
      });
    }
    if (wait > 0) await this.#clock.sleep(wait, options.signal);
  }

  /** The service says that its own limit is used up: nothing goes out for so many seconds, in any process. */
  async pause(seconds: number): Promise<void> {
    await this.#change((state) => ({
      ...state,
      blockedUntil: Math.max(state.blockedUntil ?? 0, state.at + seconds * 1000),
    }));
  }

  /** Changes the state in turn: within this process by a chain, between processes by a lock file. */
  #change(change: (state: BucketState) => BucketState): Promise<void> {
    const turn = this.#queue.then(() =>
      this.#file === undefined ? this.#inMemory(change) : this.#inFile(change),
    );
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  async #inMemory(change: (state: BucketState) => BucketState): Promise<void> {
    this.#memory = change(this.#refill(this.#memory));
  }

  async #inFile(change: (state: BucketState) => BucketState): Promise<void> {
    const file = this.#file as string;
    await mkdir(dirname(file), { recursive: true });
    const unlock = await lock(`${file}.lock`);
    try {
      const text = await readFile(file, 'utf8').catch(() => '');
      await writeFile(file, JSON.stringify(change(this.#refill(parseState(text)))), { mode: 0o600 });
    } finally {
      await unlock();
    }
  }

  #refill(state: BucketState | undefined): BucketState {
    const now = this.#clock.now();
    if (state === undefined) return { tokens: this.#limit.burst, at: now };
    // A clock that went back must not block anybody.
    const passed = Math.max(0, now - state.at);
    const tokens = Math.min(
      this.#limit.burst,
      state.tokens + (passed * this.#limit.requestsPerMinute) / 60_000,
    );
    const blockedUntil =
      state.blockedUntil !== undefined && state.blockedUntil > now ? state.blockedUntil : undefined;
    return { tokens, at: now, ...(blockedUntil === undefined ? {} : { blockedUntil }) };
  }
}

function parseState(text: string): BucketState | undefined {
  try {
    const value = JSON.parse(text) as BucketState;
    return Number.isFinite(value.tokens) && Number.isFinite(value.at) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** An exclusive lock file; one that a dead process left is taken away after two seconds. */
async function lock(path: string): Promise<() => Promise<void>> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const handle = await open(path, 'wx', 0o600);
      await handle.close();
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const age = await stat(path).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > staleLock) {
      const aside = `${path}.${process.pid}`;
      await rename(path, aside).catch(() => undefined);
      await rm(aside, { force: true });
    } else await new Promise((resolve) => setTimeout(resolve, Math.min(25, 1 + attempt)));
  }
}
