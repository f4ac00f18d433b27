import type { WorkflowState } from '../engine/state.ts';

/** Runs of a type that its expected duration is taken from, and how many there must be (12 §7). */
const kept = 50;
const needed = 3;
/** Larger graphs are not estimated: it would be done anew for each reader. */
const largest = 5000;

/** How long operations of each type take, from the newest runs of this process. */
export class Durations {
  readonly #seconds = new Map<string, number[]>();

  record(type: string, seconds: number): void {
    const runs = this.#seconds.get(type) ?? [];
    runs.push(seconds);
    if (runs.length > kept) runs.shift();
    this.#seconds.set(type, runs);
  }

  /** The median in seconds; nothing before there were enough runs. */
  expected(type: string): number | undefined {
    const runs = this.#seconds.get(type);
    if (runs === undefined || runs.length < needed) return undefined;
    const sorted = [...runs].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  }

  /** Whole seconds along the longest path of what is still to be done; null where that is not known. */
  remaining(state: WorkflowState, now: number): number | null {
    const { operations } = state.plan;
    if (state.completedAt !== undefined || operations.length > largest) return null;
    const ends = new Map<number, number>();
    const endOf = (index: number): number | undefined => {
      const known = ends.get(index);
      if (known !== undefined) return known;
      const own = state.operations[index]!;
      let end = 0;
      if (own.status === 'Pending' || own.status === 'Running') {
        const expected = this.expected(own.plan.type);
        if (expected === undefined) return undefined;
        const spent = own.status === 'Running' ? (now - (own.startedAt ?? now)) / 1000 : 0;
        end = Math.max(0, expected - spent);
        let before = 0;
        for (const { operation } of own.plan.dependencies) {
          const earlier = endOf(operation);
          if (earlier === undefined) return undefined;
          before = Math.max(before, earlier);
        }
        end += before;
      }
      ends.set(index, end);
      return end;
    };
    let longest = 0;
    for (const index of operations.keys()) {
      const end = endOf(index);
      if (end === undefined) return null;
      longest = Math.max(longest, end);
    }
    return Math.ceil(longest);
  }
}
