import { ProviderError } from '../provider-error.ts';
import type { Clock } from './clock.ts';

/**
 * Asks again and again until the answer is there.
 * @throws ProviderError `timeout` with `Timeout waiting for <what> to reach <state>` (06 §7).
 */
export async function waitUntil<T>(options: {
  /** Returns the result, or `undefined` while it is not there yet. */
  readonly ask: () => Promise<T | undefined>;
  /** `server web-01`. */
  readonly what: string;
  readonly state: string;
  /** Seconds between two questions. */
  readonly interval: number;
  /** Seconds in total. */
  readonly limit: number;
  readonly clock: Clock;
  readonly provider: string;
  readonly operation: string;
  readonly signal?: AbortSignal;
  /** What to do when the time is over. */
  readonly help?: string;
}): Promise<T> {
  const end = options.clock.now() + options.limit * 1000;
  for (;;) {
    const answer = await options.ask();
    if (answer !== undefined) return answer;
    if (options.clock.now() >= end) {
      throw new ProviderError({
        provider: options.provider,
        operation: options.operation,
        code: 'timeout',
        message: `Timeout waiting for ${options.what} to reach ${options.state}`,
        help:
          options.help ??
          'Check network connectivity and try again; the next run goes on where this one stopped.',
      });
    }
    await options.clock.sleep(options.interval * 1000, options.signal);
  }
}
