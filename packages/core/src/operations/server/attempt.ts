/** Limits of one health check (05 §9.8). */
export interface AttemptLimits {
  /** Milliseconds, default 5 s. */
  readonly timeout?: number;
  /** Default 3. */
  readonly tries?: number;
}

/**
 * Runs a check until it succeeds, at most three times and five seconds each.
 * @returns the reason of the last failure, nothing when it succeeded
 */
export async function attempt(
  check: (signal: AbortSignal) => Promise<string | undefined>,
  signal: AbortSignal,
  { timeout = 5000, tries = 3 }: AttemptLimits = {},
): Promise<string | undefined> {
  let reason: string | undefined;
  for (let count = 0; count < tries; count += 1) {
    signal.throwIfAborted();
    const limit = AbortSignal.timeout(timeout);
    try {
      reason = await Promise.race([check(AbortSignal.any([signal, limit])), expiry(limit, timeout)]);
    } catch (error) {
      signal.throwIfAborted();
      reason = limit.aborted ? lateness(timeout) : error instanceof Error ? error.message : String(error);
    }
    if (reason === undefined) return undefined;
  }
  return reason;
}

function expiry(limit: AbortSignal, timeout: number): Promise<string> {
  return new Promise((resolve) => {
    limit.addEventListener('abort', () => resolve(lateness(timeout)), { once: true });
  });
}

function lateness(timeout: number): string {
  return `no answer within ${timeout / 1000} s`;
}
