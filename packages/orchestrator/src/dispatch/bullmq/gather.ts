/**
 * Makes one call of many: what is asked for while a call is under way goes together into the next one. The cost of a
 * synchronous commit is shared by all that wait for it.
 */
export class Gather<Item, Result> {
  readonly #work: (items: readonly Item[]) => Promise<(item: Item) => Result>;
  #waiting: { item: Item; resolve: (result: Result) => void; reject: (error: Error) => void }[] = [];
  #busy = false;

  /** @param work does all items at once and tells the result of each */
  constructor(work: (items: readonly Item[]) => Promise<(item: Item) => Result>) {
    this.#work = work;
  }

  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (!this.#busy) {
        this.#busy = true;
        setImmediate(() => void this.#run());
      }
    });
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        const resultOf = await this.#work(batch.map(({ item }) => item));
        for (const { item, resolve } of batch) resolve(resultOf(item));
      } catch (error) {
        for (const { reject } of batch) reject(error as Error);
      }
    }
    this.#busy = false;
  }
}
