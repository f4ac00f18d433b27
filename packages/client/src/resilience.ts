import {
  AuthenticationError,
  ConflictError,
  NetworkError,
  NotFoundError,
  PermissionError,
  ProvisioningAPIError,
  RateLimitError,
  ServerError,
  TimeoutError,
  ValidationError,
} from './errors.ts';
import { delay } from './http.ts';

export type CircuitState = 'CLOSED' | 'OPEN' | 'HALF_OPEN';

export interface CircuitBreakerOptions {
  /** Failures in a row that open the circuit; default 5. */
  readonly threshold?: number;
  /** Milliseconds that it stays open; default 60000. */
  readonly timeout?: number;
  readonly onStateChange?: (state: CircuitState) => void;
  readonly now?: () => number;
}

/** A call was not made because the circuit is open. */
export class CircuitOpenError extends ProvisioningAPIError {
  constructor() {
    super({ code: 'CIRCUIT_OPEN', message: 'Circuit breaker is OPEN', retryable: true });
  }
}

/**
 * Stops calling a server that keeps failing (14 §6). After the time-out one single call is let through; it closes the
 * circuit or opens it again.
 */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  #state: CircuitState = 'CLOSED';
  #failures = 0;
  #openedAt = 0;

  constructor(options: CircuitBreakerOptions = {}) {
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
    this.#failures = 0;
    this.#change('CLOSED');
  }

  #failed(): void {
    this.#failures++;
    if (this.#state !== 'HALF_OPEN' && this.#failures < (this.#options.threshold ?? 5)) return;
    this.#openedAt = (this.#options.now ?? Date.now)();
    this.#change('OPEN');
  }

  #change(state: CircuitState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#options.onStateChange?.(state);
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
  const { maxAttempts = 3, signal, onRetry, authenticate } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const wait = waitAfter(error, attempt);
      if (wait === undefined || attempt >= maxAttempts || signal?.aborted) {
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
