/** Attempts that a worker has room for. */
export class Slots {
  readonly #limit: number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether one more would fit. */
  get free(): boolean {
    return this.#taken < this.#limit;
  }

  /** Takes a slot if there is one. */
  tryTake(): boolean {
    if (!this.free) return false;
    this.#taken++;
    return true;
  }

  /** Takes a slot as soon as there is one. */
  async take(): Promise<void> {
    while (!this.tryTake()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  release(): void {
    this.#taken--;
    this.#waiting.shift()?.();
  }
}
