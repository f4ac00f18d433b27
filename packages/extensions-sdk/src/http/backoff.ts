import type { Clock } from './clock.ts';

/** Longest wait that a `Retry-After` of the other side is followed (06 §8). */
export const longestRetryAfter = 60;

/** Seconds before attempt `next` (2, 3, 4 …): 1, 2, 4 … with ±20 % jitter (06 §8, S:22189-22203). */
export function backoff(next: number, clock: Pick<Clock, 'random'>): number {
  return 2 ** (next - 2) * (0.8 + 0.4 * clock.random());
}

/** Seconds of a `Retry-After` header: a number or an HTTP date (RFC 9110 §10.2.3); `undefined` when unreadable. */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(value)) return Number(value);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now) / 1000);
}
