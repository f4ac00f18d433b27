import type { WorkflowEvent } from '../engine/events.ts';
import type { Grant, JournalEntry, RecordWrite, Store, WorkflowRow } from './store.ts';

export interface JournalOptions {
  /** Told about a failed write and, with `undefined`, about the first good one after it. */
  readonly onHealth?: (error: Error | undefined) => void;
  /** Told how long a write took and how many events it held. */
  readonly onAppend?: (seconds: number, events: number) => void;
  /** Milliseconds between attempts while the store refuses (12 §18). Default 5000. */
  readonly retryInterval?: number;
}

interface Buffer {
  entries: JournalEntry[];
  workflows: Map<number, WorkflowRow>;
  records: RecordWrite[];
  grants: Grant[];
  letters: string[];
  callbacks: (() => void)[];
}

/**
 * Group commit over a store: everything that is appended while one write is under way, or in the same turn of the
 * event loop, becomes durable with the next one. The cost of a synchronous write is shared by all that wait for it.
 *
 * A write that fails is repeated until it succeeds; nothing that waits for durability goes on meanwhile, and nothing
 * is lost from memory.
 */
export class Journal {
  readonly #store: Store;
  readonly #options: JournalOptions;
  #buffer: Buffer = empty();
  #sequence = 0;
  #durable = 0;
  #scheduled = false;
  #writing: Promise<void> | undefined;
  #error: Error | undefined;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(store: Store, options: JournalOptions = {}) {
    this.#store = store;
    this.#options = options;
  }

  async open(): Promise<void> {
    const { sequence } = await this.#store.position();
    const floor = Number((await this.#store.record('meta', 'sequence')) ?? 0);
    this.#sequence = this.#durable = Math.max(sequence, floor);
  }

  /** Why writing fails at the moment. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** Sequence number of the newest event, durable or not. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Sequence number of the newest durable event. */
  get durable(): number {
    return this.#durable;
  }

  /** @returns the event's sequence number */
  append(workflow: number, event: WorkflowEvent): number {
    const sequence = ++this.#sequence;
    this.#buffer.entries.push({ sequence, workflow, event });
    this.#schedule();
    return sequence;
  }

  /** Written with the next batch; of several rows of a workflow the last one counts. */
  put(row: WorkflowRow): void {
    const before = this.#buffer.workflows.get(row.number);
    this.#buffer.workflows.set(row.number, {
      ...row,
      definition: row.definition ?? before?.definition,
      submission: row.submission ?? before?.submission,
    });
    this.#schedule();
  }

  record(write: RecordWrite): void {
    this.#buffer.records.push(write);
    this.#schedule();
  }

  /** Gives an attempt to a worker, in the same transaction as its start. */
  grant(grant: Grant): void {
    this.#buffer.grants.push(grant);
    this.#schedule();
  }

  /** Forgets a worker's result, in the same transaction as the events that come of it. */
  consume(letter: string): void {
    this.#buffer.letters.push(letter);
    this.#schedule();
  }

  /** Calls back once everything appended so far is durable. */
  whenDurable(callback: () => void): void {
    this.#buffer.callbacks.push(callback);
    this.#schedule();
  }

  /** Resolves once everything appended so far is durable. */
  flush(): Promise<void> {
    return new Promise((resolve) => this.whenDurable(resolve));
  }

  /** Writes what is left. @throws Error when the store refuses. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await this.#writing;
    if (!isEmpty(this.#buffer)) await this.#write();
    if (this.#error) throw this.#error;
  }

  #schedule(): void {
    // What comes after the end is begun again at the next start.
    if (this.#scheduled || this.#writing || this.#retry || this.#closed) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (!this.#writing && !this.#retry) void this.#write();
    });
  }

  #write(): Promise<void> {
    this.#writing = this.#writeBuffer().finally(() => {
      this.#writing = undefined;
      if (!isEmpty(this.#buffer)) this.#schedule();
    });
    return this.#writing;
  }

  async #writeBuffer(): Promise<void> {
    const buffer = this.#buffer;
    this.#buffer = empty();
    const began = performance.now();
    try {
      if (holdsWrites(buffer)) {
        const { entries, records, grants, letters } = buffer;
        const mail = grants.length + letters.length > 0 ? { grants, letters } : undefined;
        const workflows = [...buffer.workflows.values()];
        await this.#store.append({ entries, records, workflows, ...(mail && { mail }) });
      }
    } catch (error) {
      this.#failed(buffer, error as Error);
      return;
    }
    this.#options.onAppend?.((performance.now() - began) / 1000, buffer.entries.length);
    this.#durable = buffer.entries.at(-1)?.sequence ?? this.#durable;
    if (this.#error) {
      this.#error = undefined;
      this.#options.onHealth?.(undefined);
    }
    for (const callback of buffer.callbacks) callback();
  }

  #failed(buffer: Buffer, error: Error): void {
    const later = this.#buffer;
    buffer.entries.push(...later.entries);
    for (const row of later.workflows.values()) {
      const before = buffer.workflows.get(row.number);
      buffer.workflows.set(row.number, {
        ...row,
        definition: row.definition ?? before?.definition,
        submission: row.submission ?? before?.submission,
      });
    }
    buffer.records.push(...later.records);
    buffer.grants.push(...later.grants);
    buffer.letters.push(...later.letters);
    buffer.callbacks.push(...later.callbacks);
    this.#buffer = buffer;
    this.#error = error;
    this.#options.onHealth?.(error);
    if (this.#closed) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      void this.#write();
    }, this.#options.retryInterval ?? 5000);
  }
}

/** Numbers up to here were given out and are not given out again, although their events were taken back. */
export function sequenceFloor(sequence: number): RecordWrite {
  return { kind: 'meta', id: 'sequence', data: String(sequence) };
}

function empty(): Buffer {
  return { entries: [], workflows: new Map(), records: [], grants: [], letters: [], callbacks: [] };
}

function holdsWrites({ entries, workflows, records, grants, letters }: Buffer): boolean {
  return entries.length + workflows.size + records.length + grants.length + letters.length > 0;
}

function isEmpty(buffer: Buffer): boolean {
  return !holdsWrites(buffer) && buffer.callbacks.length === 0;
}
