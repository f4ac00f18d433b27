/** One figure, ours beside a peer's of the same run. `ratio` is ours divided by the peer's, or the other way round where more is better. */
export interface BenchRow {
  readonly name: string;
  readonly ours: number;
  readonly peer: number | null;
  readonly peer_name: string;
  readonly unit: string;
  readonly ratio: number | null;
}

/** A suite is the default export of `<name>.ts` in this folder. */
export interface BenchSuite {
  readonly title: string;
  /** @param say prints a line of progress. */
  run(say: (message: string) => void): Promise<{ readonly rows: readonly BenchRow[] }>;
}

/** The middle value of at least five measurements. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Milliseconds of each of `times` runs, after `warm` runs that do not count. */
export async function timed(times: number, work: () => unknown, warm = 0): Promise<number[]> {
  for (let run = 0; run < warm; run++) await work();
  const results: number[] = [];
  for (let run = 0; run < times; run++) {
    const start = performance.now();
    await work();
    results.push(performance.now() - start);
  }
  return results;
}

/** The middle times of several works in turn, round by round, so that what else the machine does falls on all of them alike. */
export async function medians(
  rounds: number,
  works: readonly (() => unknown)[],
  warm: number,
): Promise<number[]> {
  for (const work of works) await timed(0, work, warm);
  const times = works.map((): number[] => []);
  for (let round = 0; round < rounds; round++)
    for (const [index, work] of works.entries()) times[index]!.push(...(await timed(1, work)));
  return times.map(median);
}

export function row(
  name: string,
  unit: string,
  ours: number,
  peer: number | null,
  peerName: string,
): BenchRow {
  const round = (value: number): number => Number(value.toPrecision(4));
  return {
    name,
    ours: round(ours),
    peer: peer === null ? null : round(peer),
    peer_name: peerName,
    unit,
    ratio: peer === null ? null : round(ours / peer),
  };
}
