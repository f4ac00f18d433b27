import { ProviderError } from '../provider-error.ts';

interface Circuit {
  failures: number;
  /** Milliseconds since the epoch until which calls are refused; 0 when closed. */
  openUntil: number;
  /** A call is trying whether the endpoint works again. */
  probing: boolean;
}

/**
 * One circuit for each endpoint: five failed calls in a row open it for 60 s, then one call tries (06 §8,
 * S:18762-18805). A call is one request with its retries.
 */
export class CircuitBreaker {
  readonly #threshold: number;
  readonly #openFor: number;
  readonly #now: () => number;
  readonly #circuits = new Map<string, Circuit>();

  constructor(options: {
    readonly now: () => number;
    readonly threshold?: number;
    readonly openFor?: number;
  }) {
    this.#now = options.now;
    this.#threshold = options.threshold ?? 5;
    this.#openFor = options.openFor ?? 60_000;
  }

  /** @throws ProviderError `unavailable` with `Circuit breaker is OPEN`. */
  check(endpoint: string, error: { readonly provider: string; readonly operation: string }): void {
    const circuit = this.#circuits.get(endpoint);
    if (circuit === undefined || circuit.openUntil === 0) return;
    const wait = circuit.openUntil - this.#now();
    if (wait <= 0 && !circuit.probing) {
      circuit.probing = true;
      return;
    }
    const seconds = Math.max(1, Math.ceil(wait / 1000));
    throw new ProviderError({
      ...error,
      code: 'unavailable',
      message: `Circuit breaker is OPEN for ${endpoint} of ${error.provider}`,
      help: `The service failed ${circuit.failures} times in a row; it is tried again in ${seconds} s.`,
      retryAfter: seconds,
    });
  }

  succeeded(endpoint: string): void {
    this.#circuits.delete(endpoint);
  }

  failed(endpoint: string): void {
    const circuit = this.#circuits.get(endpoint) ?? { failures: 0, openUntil: 0, probing: false };
    circuit.failures += 1;
    circuit.probing = false;
    if (circuit.failures >= this.#threshold) circuit.openUntil = this.#now() + this.#openFor;
    this.#circuits.set(endpoint, circuit);
  }

  /** A call ended without saying anything of the endpoint's health (aborted by the caller). */
  undecided(endpoint: string): void {
    const circuit = this.#circuits.get(endpoint);
    if (circuit !== undefined) circuit.probing = false;
  }
}

/** `GET /servers/42` and `GET /servers/43` are one endpoint: identifiers in the path don't count. */
export function endpointOf(method: string, path: string): string {
  const plain = path.replace(/\?.*$/, '');
  return `${method} ${plain.replace(/\/(\d+|[0-9a-f]{8}-[0-9a-f-]{27,})(?=\/|$)/gi, '/{id}')}`;
}
