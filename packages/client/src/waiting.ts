import { isNetworkError, isServerError, isTimeoutError, TaskFailedError, TimeoutError } from './errors.ts';
import type { Task } from './schemas/records.ts';
import { finalStatuses } from './schemas/final-statuses.ts';
import { delay } from './timing.ts';

export interface WaitOptions {
  /** Milliseconds; 0 is none. Default 300000. */
  readonly timeout?: number;
  /** Milliseconds between two polls; three times as long while events come. Default 5000. */
  readonly pollInterval?: number;
  readonly onProgress?: (task: Task) => void;
  /** A task that did not complete rejects with TaskFailedError. */
  readonly throwOnFailure?: boolean;
  readonly signal?: AbortSignal;
}

/** Milliseconds: what a wait has unless it is told otherwise. */
export const waitDefaults = { timeout: 300_000, pollInterval: 5000 } as const;

export interface WaitParts {
  readonly poll: (signal: AbortSignal) => Promise<Task>;
  /** Calls back when something may have changed. @returns undefined when no events come */
  readonly listen: (wake: () => void) => (() => void) | undefined;
  readonly onProgress: (task: Task) => void;
  /** What the message calls it. */
  readonly subject: string;
}

/** Failed polls in a row that are borne: a server may be restarting. */
const borne = 3;

/** Polls, or waits for events, until a task or batch rests (14 §4). */
export async function waitUntilFinal(parts: WaitParts, options: WaitOptions): Promise<Task> {
  const { signal, throwOnFailure = false, onProgress } = options;
  const { timeout = waitDefaults.timeout, pollInterval = waitDefaults.pollInterval } = options;
  const late = new TimeoutError({
    code: 'TIMEOUT',
    message: `${parts.subject} did not complete within ${timeout}ms`,
  });
  const limit = new AbortController();
  const timer = timeout > 0 ? setTimeout(() => limit.abort(late), timeout) : undefined;
  const stop = signal ? AbortSignal.any([signal, limit.signal]) : limit.signal;
  let wake: () => void = () => undefined;
  const unlisten = parts.listen(() => wake());
  let failures = 0;
  let seen = '';
  try {
    for (;;) {
      try {
        const task = await parts.poll(stop);
        failures = 0;
        const now = `${task.status} ${task.phase} ${task.progress}`;
        if (now !== seen) {
          seen = now;
          onProgress?.(task);
          parts.onProgress(task);
        }
        if (finalStatuses.has(task.status)) {
          if (throwOnFailure && task.status !== 'Completed') throw new TaskFailedError(task);
          return task;
        }
      } catch (error) {
        if (stop.aborted) throw stop.reason as Error;
        const passing = isNetworkError(error) || isServerError(error) || isTimeoutError(error);
        if (!passing || ++failures > borne) throw error;
      }
      const pause = new AbortController();
      wake = () => pause.abort();
      await delay(unlisten ? 3 * pollInterval : pollInterval, AbortSignal.any([stop, pause.signal])).catch(
        () => undefined,
      );
      if (stop.aborted) throw stop.reason as Error;
    }
  } finally {
    clearTimeout(timer);
    unlisten?.();
  }
}
