/** Binary heap; the least element by `before` comes first. */
export class Heap<T> {
  #items: T[] = [];
  readonly #before: (a: T, b: T) => boolean;

  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    const items = this.#items;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#before(item, items[parent]!)) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = item;
  }

  pop(): T | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (items.length === 0 || last === undefined) return first;
    this.#sink(0, last);
    return first;
  }

  /** Changes the items by `map` and restores the order. */
  rebuild(map: (item: T) => void): void {
    const items = this.#items;
    items.forEach(map);
    for (let at = (items.length >> 1) - 1; at >= 0; at--) this.#sink(at, items[at]!);
  }

  some(test: (item: T) => boolean): boolean {
    return this.#items.some(test);
  }

  drain(): T[] {
    const items = this.#items;
    this.#items = [];
    return items;
  }

  #sink(start: number, item: T): void {
    const items = this.#items;
    const half = items.length >> 1;
    let at = start;
    while (at < half) {
      let child = 2 * at + 1;
      if (child + 1 < items.length && this.#before(items[child + 1]!, items[child]!)) child++;
      if (!this.#before(items[child]!, item)) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = item;
  }
}
