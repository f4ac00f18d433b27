import { Emitter } from './emitter.ts';
import {
  AuthenticationError,
  CircuitOpenError,
  ConflictError,
  NetworkError,
  NotFoundError,
  PermissionError,
  RateLimitError,
  ServerError,
  TimeoutError,
  ValidationError,
} from './errors.ts';
import { background, delay } from './timing.ts';

export { CircuitOpenError };
export { type SocketPoolOptions, WebSocketPool } from './socket-pool.ts';

export type CircuitState = 'CLOSED' | 'OPEN' | 'HALF_OPEN';

export interface CircuitBreakerOptions {
  /** Failures in a row that open the circuit; default 5. */
  readonly threshold?: number;
  /** Milliseconds that it stays open; default 60000. */
  readonly timeout?: number;
  /** Milliseconds between two `status` events while it is open; default 10000. */
  readonly monitoringPeriod?: number;
  readonly now?: () => number;
}

export interface CircuitEvents {
  stateChange: { readonly from: CircuitState; readonly to: CircuitState };
  /** While it is open, every `monitoringPeriod`. */
  status: { readonly state: CircuitState; readonly failures: number; readonly openFor: number };
}

/**
 * Stops calling a server that keeps failing (14 §6). After the time-out one single call is let through; it closes the
 * circuit or opens it again.
 */
export class CircuitBreaker extends Emitter<CircuitEvents> {
  readonly #options: CircuitBreakerOptions;
  #state: CircuitState = 'CLOSED';
  #failures = 0;
  #openedAt = 0;
  #monitor: ReturnType<typeof setInterval> | undefined;

  constructor(options: CircuitBreakerOptions = {}) {
    super();
    this.#options = options;
  }

  getState(): CircuitState {
    return this.#state;
  }

  getFailures(): number {
    return this.#failures;
  }

  reset(): void {
    this.#failures = 0;
    this.#change('CLOSED');
  }

  async execute<T>(work: () => Promise<T>): Promise<T> {
    const now = (this.#options.now ?? Date.now)();
    if (this.#state === 'HALF_OPEN') throw new CircuitOpenError();
    if (this.#state === 'OPEN') {
      if (now - this.#openedAt < (this.#options.timeout ?? 60_000)) throw new CircuitOpenError();
      this.#change('HALF_OPEN');
    }
    try {
      const result = await work();
      this.#succeeded();
      return result;
    } catch (error) {
      if (blamesServer(error)) this.#failed();
      else this.#succeeded();
      throw error;
    }
  }

  #succeeded(): void {
    // A call from before the circuit opened says nothing of the server now.
    if (this.#state === 'OPEN') return;
    this.#failures = 0;
    this.#change('CLOSED');
  }

  #failed(): void {
    this.#failures++;
    if (this.#state !== 'HALF_OPEN' && this.#failures < (this.#options.threshold ?? 5)) return;
    if (this.#state !== 'OPEN') this.#openedAt = (this.#options.now ?? Date.now)();
    this.#change('OPEN');
  }

  #change(state: CircuitState): void {
    if (this.#state === state) return;
    const from = this.#state;
    this.#state = state;
    clearInterval(this.#monitor);
    if (state === 'OPEN') {
      const { monitoringPeriod = 10_000, now = Date.now } = this.#options;
      this.#monitor = background(
        setInterval(() => {
          this.emit('status', { state, failures: this.#failures, openFor: now() - this.#openedAt });
        }, monitoringPeriod),
      );
    }
    this.emit('stateChange', { from, to: state });
  }
}

/** Answers such as 422 are successes of the transport. */
function blamesServer(error: unknown): boolean {
  return (
    error instanceof NetworkError ||
    error instanceof TimeoutError ||
    error instanceof ServerError ||
    error instanceof RateLimitError
  );
}

export interface RetryCallOptions {
  readonly maxAttempts?: number;
  readonly signal?: AbortSignal;
  readonly onRetry?: (error: unknown, attempt: number, wait: number) => void;
  /** Milliseconds after which no further attempt begins; default 300000. */
  readonly maxElapsed?: number;
  /** Called and awaited before the attempt after a 401. */
  readonly authenticate?: () => Promise<unknown>;
}

/**
 * Repeats a call by the class of its error (14 §6); what another attempt cannot help is thrown at once. The last error is
 * thrown with `attempts`.
 */
export async function executeWithRetry<T>(
  work: () => Promise<T>,
  options: RetryCallOptions = {},
): Promise<T> {
  const { maxAttempts = 3, maxElapsed = 300_000, signal, onRetry, authenticate } = options;
  const began = Date.now();
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const wait = waitAfter(error, attempt);
      const late = wait !== undefined && Date.now() - began + wait * 1000 > maxElapsed;
      if (wait === undefined || attempt >= maxAttempts || late || signal?.aborted) {
        throw Object.assign(error as Error, { attempts: attempt });
      }
      if (error instanceof AuthenticationError) await authenticate?.();
      onRetry?.(error, attempt, wait);
      await delay(wait * 1000, signal);
    }
  }
}

/** Seconds before the next attempt; nothing for errors that are final. */
function waitAfter(error: unknown, attempt: number): number | undefined {
  const finals = [ValidationError, PermissionError, NotFoundError, ConflictError];
  if (finals.some((kind) => error instanceof kind)) return undefined;
  if (error instanceof RateLimitError) return error.retryAfter;
  if (error instanceof AuthenticationError) return 5;
  if (error instanceof NetworkError || error instanceof TimeoutError)
    return Math.min(2 ** attempt + Math.random(), 60);
  if (error instanceof ServerError) return Math.min(10 * attempt, 60);
  return Math.min(5 * attempt, 30);
}

/** A client whose calls go through a circuit breaker. */
export type Resilient<T extends object> = T & { readonly breaker: CircuitBreaker };

/** Methods that ask no server, or that last: they are passed on as they are. */
const untouched: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(Emitter.prototype),
  'close',
  'connectWebSocket',
  'disconnectWebSocket',
  'events',
  'healthCheck',
  'iterateTasks',
  'subscribe',
  'unsubscribe',
  'waitForTaskCompletion',
  'waitForBatchCompletion',
]);

/** The methods of a client, each through the breaker (14 §6). */
export const ResilientProvisioningClient = function <T extends object>(
  client: T,
  breaker = new CircuitBreaker(),
): Resilient<T> {
  return new Proxy(client, {
    get(target, name) {
      if (name === 'breaker') return breaker;
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const method = value.bind(target) as (...parameters: unknown[]) => Promise<unknown>;
      if (untouched.has(String(name))) return method;
      return (...parameters: unknown[]) => breaker.execute(async () => method(...parameters));
    },
  }) as Resilient<T>;
} as unknown as new <T extends object>(client: T, breaker?: CircuitBreaker) => Resilient<T>;
