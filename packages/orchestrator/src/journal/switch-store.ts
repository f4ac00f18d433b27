import type { Batch, JournalEntry, Page, Restoration, Store, WorkflowFilter } from './store.ts';

/** One change of a store, in the order in which it happened. */
export type StoreChange =
  | { readonly kind: 'append'; readonly batch: Batch }
  | { readonly kind: 'remove'; readonly workflows: readonly number[]; readonly expiredBefore: number };

/**
 * The store in force. Everybody holds this one; what is behind it can be exchanged while work goes on (12 §10 "Store
 * migration"): from `follow` on, every change is kept for the copy; `exchange` holds writers back for a moment.
 */
export class SwitchStore implements Store {
  #current: Store;
  readonly #retired: Store[] = [];
  #changes: StoreChange[] | undefined;
  #gate: Promise<void> | undefined;
  #writing = new Set<Promise<unknown>>();

  constructor(store: Store) {
    this.#current = store;
  }

  get type(): Store['type'] {
    return this.#current.type;
  }

  /** The store behind this one. */
  get current(): Store {
    return this.#current;
  }

  /** Keeps every change from now on, until `unfollow`. */
  follow(): void {
    this.#changes = [];
  }

  unfollow(): void {
    this.#changes = undefined;
  }

  /** The changes since the last call. */
  changes(): StoreChange[] {
    const changes = this.#changes ?? [];
    if (this.#changes) this.#changes = [];
    return changes;
  }

  /**
   * Holds writers back while `finish` brings the other store up to date, then puts it in force.
   * @param limit milliseconds; when `finish` has not come to the point by then, or fails, everything stays as it was
   * @param finish asks with `commit` before it does what cannot be taken back; `false` means that it is too late
   * @returns whether the store was exchanged
   */
  async exchange(
    store: Store,
    limit: number,
    finish: (commit: () => boolean) => Promise<void>,
  ): Promise<boolean> {
    let open!: () => void;
    this.#gate = new Promise((resolve) => (open = resolve));
    const release = () => {
      this.#gate = undefined;
      open();
    };
    let state: 'preparing' | 'committed' | 'late' = 'preparing';
    const timer = setTimeout(() => {
      if (state !== 'preparing') return;
      state = 'late';
      release();
    }, limit);
    const tooLate = () => state === 'late';
    try {
      await Promise.allSettled(this.#writing);
      await finish(() => {
        if (!tooLate()) state = 'committed';
        return !tooLate();
      });
      if (tooLate()) return false;
      this.#retired.push(this.#current);
      this.#current = store;
      this.unfollow();
      return true;
    } catch (error) {
      if (tooLate()) return false;
      throw error;
    } finally {
      clearTimeout(timer);
      release();
    }
  }

  open(): Promise<void> {
    return this.#current.open();
  }

  append(batch: Batch): Promise<void> {
    return this.#change(() => this.#current.append(batch), { kind: 'append', batch });
  }

  remove(workflows: readonly number[], expiredBefore: number): Promise<void> {
    const change = { kind: 'remove', workflows, expiredBefore } as const;
    return this.#change(() => this.#current.remove(workflows, expiredBefore), change);
  }

  restore(restoration: Restoration): Promise<void> {
    return this.#change(() => this.#current.restore(restoration));
  }

  clear(): Promise<void> {
    return this.#change(() => this.#current.clear());
  }

  position() {
    return this.#current.position();
  }

  workflow(id: string) {
    return this.#current.workflow(id);
  }

  workflowByNumber(number: number) {
    return this.#current.workflowByNumber(number);
  }

  workflows(filter: WorkflowFilter, page: Page) {
    return this.#current.workflows(filter, page);
  }

  unfinished() {
    return this.#current.unfinished();
  }

  counts(since: number) {
    return this.#current.counts(since);
  }

  events(workflow: number, after: number): AsyncIterable<JournalEntry> {
    return this.#current.events(workflow, after);
  }

  journal(after: number, limit: number) {
    return this.#current.journal(after, limit);
  }

  workflowsAfter(after: number, limit: number) {
    return this.#current.workflowsAfter(after, limit);
  }

  record(kind: string, id: string) {
    return this.#current.record(kind, id);
  }

  records(kind: string) {
    return this.#current.records(kind);
  }

  allRecords() {
    return this.#current.allRecords();
  }

  size() {
    return this.#current.size();
  }

  ping() {
    return this.#current.ping();
  }

  async close(): Promise<void> {
    await Promise.all([this.#current, ...this.#retired].map((store) => store.close()));
  }

  async #change(work: () => Promise<void>, change?: StoreChange): Promise<void> {
    while (this.#gate) await this.#gate;
    const writing = work();
    this.#writing.add(writing);
    try {
      await writing;
      if (change) this.#changes?.push(change);
    } finally {
      this.#writing.delete(writing);
    }
  }
}
