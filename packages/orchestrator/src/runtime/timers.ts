import { Heap } from '../engine/heap.ts';

interface Timer {
  readonly key: string;
  /** By the clock that never jumps. */
  readonly due: number;
}

/**
 * Timers at absolute times, which is what the journal keeps. While the process lives they run by the monotonic clock: a
 * jump of the wall clock neither fires a time limit early nor holds a retry back (12 §18). They are looked at at least
 * every `interval`, so that a lost wake-up costs no more than that (12 §4 `scheduling_interval`).
 */
export class Timers {
  readonly #heap = new Heap<Timer>((a, b) => a.due < b.due);
  readonly #due = new Map<string, number>();
  readonly #fire: (key: string) => void;
  readonly #interval: number;
  #timeout: NodeJS.Timeout | undefined;

  constructor(fire: (key: string) => void, interval: number) {
    this.#fire = fire;
    this.#interval = interval;
  }

  /** Replaces an earlier timer of the same key. @param at milliseconds of the wall clock */
  set(key: string, at: number): void {
    const due = performance.now() + at - Date.now();
    this.#due.set(key, due);
    this.#heap.push({ key, due });
    this.#arm();
  }

  clear(key: string): void {
    this.#due.delete(key);
  }

  stop(): void {
    clearTimeout(this.#timeout);
    this.#due.clear();
    this.#heap.drain();
  }

  #arm(): void {
    clearTimeout(this.#timeout);
    const next = this.#heap.peek();
    if (!next) return;
    const wait = Math.max(0, Math.min(next.due - performance.now(), this.#interval));
    this.#timeout = setTimeout(() => this.#run(), wait);
  }

  #run(): void {
    const now = performance.now();
    for (let next = this.#heap.peek(); next && next.due <= now; next = this.#heap.peek()) {
      this.#heap.pop();
      // A timer that was replaced or cleared is still in the heap; only the current one fires.
      if (this.#due.get(next.key) !== next.due) continue;
      this.#due.delete(next.key);
      this.#fire(next.key);
    }
    this.#arm();
  }
}
