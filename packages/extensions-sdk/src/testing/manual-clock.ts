import type { Clock } from '../http/clock.ts';

/** Sleeping moves the time on at once; chance is in the middle, so that there is no jitter, unless given. */
export class ManualClock implements Clock {
  readonly slept: number[] = [];
  readonly random: () => number;
  #now: number;

  constructor(start = 1_800_000_000_000, random: () => number = () => 0.5) {
    this.#now = start;
    this.random = random;
  }

  now(): number {
    return this.#now;
  }

  async sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.slept.push(milliseconds);
    this.#now += milliseconds;
    // Other work gets its turn, as it would in a real pause.
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }
}
