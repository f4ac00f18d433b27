import type { EventEnvelope } from '@provisioning/client';

/** The part of a WebSocket that the outbox needs. */
export interface Wire {
  readonly bufferedAmount: number;
  send(text: string): void;
  close(code: number, reason: string): void;
}

export interface OutboxOptions {
  /** Events of one frame (13 §8.1). */
  readonly batchSize: number;
  readonly onDropped?: (event: EventEnvelope) => void;
}

/** Milliseconds after which a partial batch is sent (rulings §6). */
const flushAfter = 50;
/** Bytes waiting in the socket beyond which what can be missed is left out, and beyond which it is closed (13 §8.6). */
const dropAbove = 1024 * 1024;
const closeAbove = 8 * 1024 * 1024;

const droppable: ReadonlySet<string> = new Set(['MetricUpdate', 'LogEntry', 'WorkflowProgressUpdate']);

/**
 * Events on their way to one client: batched, with bounded memory. A slow reader loses what it can miss, then its
 * connection; it resumes behind the last event it has seen.
 */
export class Outbox {
  readonly #wire: Wire;
  readonly #options: OutboxOptions;
  #events: EventEnvelope[] = [];
  #progress = new Map<string, EventEnvelope>();
  #timer: NodeJS.Timeout | undefined;
  #dropped = 0;
  #closed = false;

  constructor(wire: Wire, options: OutboxOptions) {
    this.#wire = wire;
    this.#options = options;
  }

  push(event: EventEnvelope): void {
    if (this.#closed) return;
    const waiting = this.#wire.bufferedAmount;
    if (waiting > closeAbove) {
      this.#closed = true;
      clearTimeout(this.#timer);
      this.#wire.close(4008, 'too slow');
      return;
    }
    if (waiting > dropAbove && droppable.has(event.event_type)) {
      this.#drop(event);
      return;
    }
    if (waiting <= dropAbove && this.#dropped > 0) this.#caughtUp();
    this.#events.push(event);
    if (this.#events.length >= this.#options.batchSize) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), flushAfter);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const events = this.#events;
    if (events.length === 0 || this.#closed) return;
    this.#events = [];
    if (events.length === 1) this.#wire.send(textOf(events[0]!));
    else {
      const texts = events.map(textOf).join(',');
      this.#wire.send(`{"type":"batch","timestamp":"${new Date().toISOString()}","events":[${texts}]}`);
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#events = [];
    this.#progress.clear();
  }

  /** The newest progress of each task is kept for when the reader has caught up. */
  #drop(event: EventEnvelope): void {
    this.#dropped++;
    this.#options.onDropped?.(event);
    if (event.event_type !== 'WorkflowProgressUpdate') return;
    const { workflow_id, task_id } = event.metadata as { workflow_id?: string; task_id?: string };
    if (this.#progress.size < 1000) this.#progress.set(task_id ?? workflow_id ?? '', event);
  }

  #caughtUp(): void {
    const dropped = this.#dropped;
    this.#dropped = 0;
    this.#events.push(...this.#progress.values());
    this.#progress.clear();
    this.#wire.send(JSON.stringify({ type: 'error', code: 'EVENTS_DROPPED', dropped }));
  }
}

/** Many clients get the same event: its text is made once. */
const texts = new WeakMap<EventEnvelope, string>();

function textOf(event: EventEnvelope): string {
  let text = texts.get(event);
  if (text === undefined) texts.set(event, (text = JSON.stringify(event)));
  return text;
}
