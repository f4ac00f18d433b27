/** Failures in a row that open a circuit, and how long it stays open (12 §6). */
const threshold = 5;
const openFor = 60_000;

interface Circuit {
  failures: number;
  /** When it may be tried again; undefined while closed. */
  openUntil: number | undefined;
  trying: boolean;
}

export type CircuitChange = 'opened' | 'closed' | undefined;

/**
 * Circuit breakers of external dependencies (providers). Pure: the caller brings the time, keeps the timer and tells
 * the scheduler.
 */
export class Circuits {
  readonly #circuits = new Map<string, Circuit>();

  /** An attempt on the dependency succeeded, or failed by no fault of it. */
  succeeded(name: string): CircuitChange {
    const circuit = this.#circuits.get(name);
    if (!circuit) return undefined;
    this.#circuits.delete(name);
    return circuit.openUntil === undefined ? undefined : 'closed';
  }

  /** The dependency itself failed. */
  failed(name: string, now: number): CircuitChange {
    const circuit = this.#circuits.get(name) ?? { failures: 0, openUntil: undefined, trying: false };
    this.#circuits.set(name, circuit);
    circuit.failures++;
    if (circuit.failures < threshold && !circuit.trying) return undefined;
    circuit.trying = false;
    circuit.openUntil = now + openFor;
    return 'opened';
  }

  /** The open time is over: one trial is let through. */
  halfOpen(name: string): void {
    const circuit = this.#circuits.get(name);
    if (circuit) circuit.trying = true;
  }

  openUntil(name: string): number | undefined {
    return this.#circuits.get(name)?.openUntil;
  }

  /** Level 0 closed, 1 half-open, 2 open. */
  states(): { readonly name: string; readonly level: 0 | 1 | 2; readonly failures: number }[] {
    return [...this.#circuits].map(([name, { failures, openUntil, trying }]) => ({
      name,
      failures,
      level: openUntil === undefined ? 0 : trying ? 1 : 2,
    }));
  }
}

/** Whether a failure says that the dependency, not the request, is broken. */
export function blamesDependency(failure: {
  readonly code: string;
  readonly timeout?: boolean;
  readonly retryable?: boolean;
}): boolean {
  if (failure.timeout) return true;
  return failure.retryable === true && failure.code !== 'COMMAND_FAILED';
}
