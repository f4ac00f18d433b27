import type { Failure } from './events.ts';
import type { Retry } from './plan.ts';

/** What becomes of a failed attempt (12 §6). */
export type RetryDecision =
  { readonly again: true; readonly delay: number } | { readonly again: false; readonly error: Failure };

/**
 * @param attempt attempts made so far, from 1
 * @param timeouts earlier attempts that ran into the time limit; the first one is retried, the next is final
 * @param random a number in [0, 1) for the jitter
 */
export function decideRetry(
  failure: Failure,
  attempt: number,
  timeouts: number,
  retry: Retry,
  random: number,
): RetryDecision {
  const wanted = retry.retry_on ? retry.retry_on.includes(failure.code) : failure.retryable === true;
  const retryable = failure.timeout ? timeouts === 0 : wanted;
  if (!retryable) return { again: false, error: failure };
  if (attempt >= retry.max_attempts) {
    if (attempt === 1) return { again: false, error: failure };
    const message = `Operation failed after ${attempt} attempts: ${failure.message}`;
    return { again: false, error: { ...failure, message } };
  }
  const delay = retryDelay(attempt, retry) * (1 + retry.jitter * (2 * random - 1));
  return { again: true, delay: Math.max(delay, failure.retryAfter ?? 0) };
}

/** Seconds before the attempt after attempt `n`, without jitter. */
export function retryDelay(n: number, retry: Retry): number {
  return Math.min(retry.initial_delay_seconds * factor(n, retry), retry.max_delay_seconds);
}

function factor(n: number, { backoff, multiplier }: Retry): number {
  switch (backoff) {
    case 'exponential':
      return multiplier ** (n - 1);
    case 'linear':
      return n;
    case 'fixed':
      return 1;
    case 'fibonacci': {
      let [current, next] = [1, 1];
      for (let step = 1; step < n; step++) [current, next] = [next, current + next];
      return current;
    }
  }
}
