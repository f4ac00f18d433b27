import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Backend, BackendCall } from '../backends/backend.ts';
import type { CallLimit } from './call-limit.ts';

export interface GuardOptions {
  readonly failureThreshold: number;
  readonly resetSeconds: number;
  readonly now: () => number;
  /** Told of every call that came to an end. */
  readonly onCall?: (call: CallFacts) => void;
  /** Shared by all backends: how many calls run at once. */
  readonly limit?: CallLimit;
}

/** A call to a backend as the log has it. */
export interface CallFacts {
  readonly backend: string;
  readonly operation: Operation;
  readonly outcome: 'ok' | 'failed' | 'timeout';
  readonly milliseconds: number;
  readonly error?: string;
}

/** What a backend is asked for. */
export type Operation = 'list' | 'find' | 'get' | 'manifest' | 'download';

/** What one call to a backend came to. */
export class BackendFailure extends Error {
  readonly timeout: boolean;
  /** The backend did not accept our token. */
  readonly denied: boolean;

  constructor(message: string, timeout: boolean, denied = false) {
    super(message);
    this.timeout = timeout;
    this.denied = denied;
  }
}

/** A backend behind its time limit and its circuit breaker (10 §2). */
export class GuardedBackend {
  readonly backend: Backend;
  readonly #options: GuardOptions;
  #failures = 0;
  #openUntil = 0;
  #probing = false;
  lastError: string | null = null;
  latencyMs: number | null = null;
  /** Answers of the backend that our token is not good for it. */
  denials = 0;
  /** Calls by what they were for and what came of them: `operation="list",outcome="ok"`. */
  readonly outcomes = new Map<string, number>();
  /** Seconds of all calls together. */
  seconds = 0;

  constructor(backend: Backend, options: GuardOptions) {
    this.backend = backend;
    this.#options = options;
  }

  get circuit(): 'closed' | 'open' | 'half-open' {
    if (this.#failures < this.#options.failureThreshold) return 'closed';
    return this.#options.now() < this.#openUntil ? 'open' : 'half-open';
  }

  /** @throws BackendFailure also when the circuit is open: the backend is then not asked. */
  async run<T>(operation: Operation, work: (backend: Backend, call: BackendCall) => Promise<T>): Promise<T> {
    const state = this.circuit;
    if (state === 'open' || (state === 'half-open' && this.#probing)) {
      throw new BackendFailure(`not asked after ${this.#failures} failures: ${this.lastError ?? ''}`, false);
    }
    this.#probing = state === 'half-open';
    const abort = new AbortController();
    const seconds = this.backend.timeoutSeconds;
    const started = performance.now();
    let outcome: CallFacts['outcome'] = 'ok';
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        abort.abort();
        reject(new BackendFailure(`no answer within ${seconds} s`, true));
      }, seconds * 1000);
    });
    try {
      const call = (): Promise<T> => work(this.backend, { signal: abort.signal });
      const result = await Promise.race([this.#options.limit?.run(call) ?? call(), limit]);
      this.#failures = 0;
      this.lastError = null;
      return result;
    } catch (error) {
      const failure = asFailure(error);
      this.lastError = failure.message;
      if (failure.denied) this.denials++;
      outcome = failure.timeout ? 'timeout' : 'failed';
      this.#fail();
      throw failure;
    } finally {
      clearTimeout(timer);
      this.#probing = false;
      this.latencyMs = Math.round(performance.now() - started);
      this.seconds += this.latencyMs / 1000;
      this.#count(operation, outcome);
      this.#options.onCall?.({
        backend: this.backend.id,
        operation,
        outcome,
        milliseconds: this.latencyMs,
        ...(outcome === 'ok' ? {} : { error: this.lastError ?? '' }),
      });
    }
  }

  /** Counts a failure that showed only after a call had been answered: content that is not what was announced. */
  blame(error: unknown): void {
    this.lastError = asFailure(error).message;
    this.#fail();
  }

  #fail(): void {
    if (++this.#failures >= this.#options.failureThreshold) {
      this.#openUntil = this.#options.now() + this.#options.resetSeconds * 1000;
    }
  }

  #count(operation: Operation, outcome: CallFacts['outcome']): void {
    const labels = `operation="${operation}",outcome="${outcome}"`;
    this.outcomes.set(labels, (this.outcomes.get(labels) ?? 0) + 1);
  }
}

function asFailure(error: unknown): BackendFailure {
  if (error instanceof BackendFailure) return error;
  const timeout = error instanceof ProvisioningError && error.code === 'REGISTRY_TIMEOUT';
  const denied = error instanceof ProvisioningError && error.kind === 'permission';
  return new BackendFailure(error instanceof Error ? error.message : String(error), timeout, denied);
}
