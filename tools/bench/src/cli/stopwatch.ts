import { spawnSync } from 'node:child_process';

/** Times whole processes of this Node. */
export class Stopwatch {
  readonly #environment: NodeJS.ProcessEnv;

  constructor(environment: NodeJS.ProcessEnv) {
    this.#environment = environment;
  }

  /** Milliseconds of each program, one after another in every round, so that a busy machine slows all alike. */
  interleave(
    programs: Readonly<Record<string, readonly string[]>>,
    rounds: number,
  ): ReadonlyMap<string, number[]> {
    const times = new Map(Object.keys(programs).map((name) => [name, [] as number[]]));
    for (let round = 0; round < rounds; round += 1) {
      for (const [name, words] of Object.entries(programs)) {
        const milliseconds = this.#time(words);
        if (round > 0) times.get(name)!.push(milliseconds);
      }
    }
    return times;
  }

  #time(words: readonly string[]): number {
    const start = performance.now();
    const { status, stderr } = spawnSync(process.execPath, words, { env: this.#environment });
    const milliseconds = performance.now() - start;
    if (status !== 0) throw new Error(`${words.join(' ')} ended with ${status}: ${stderr.toString()}`);
    return milliseconds;
  }
}
