import type { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import type { Journal } from '../../journal/journal.ts';
import type { PostgresStore } from '../../journal/postgres/store.ts';
import type { Assignment } from '../../execution/executor.ts';
import type { Dispatcher, DispatchHost, WorkerInfo } from '../dispatcher.ts';
import { Gather } from './gather.ts';
import { Mailbox } from './mailbox.ts';
import {
  abortChannel,
  handChannel,
  type Handed,
  type Job,
  jobOf,
  leaseSeconds,
  progressChannel,
  type ProgressMessage,
  resultsChannel,
} from './messages.ts';
import { enqueue, openQueue } from './queue.ts';
import { type Room, Rooms } from './rooms.ts';

export interface BullDispatcherOptions {
  readonly redisUrl: string;
  readonly store: PostgresStore;
  readonly journal: () => Journal;
  /** Seconds that a worker owns an attempt without renewing; default 30. */
  readonly leaseSeconds?: number;
  readonly onError?: (error: Error) => void;
}

/** Milliseconds between looks into the inbox without a wake-up, */
const pollInterval = 1000;
const purgeInterval = 60_000;
const inboxPage = 2000;
/** Before any time: the process may be younger than an interval. */
const never = -Infinity;

interface Outstanding {
  readonly assignment: Assignment;
  readonly job: Job;
  /** When the last wake-up was sent, by the monotonic clock; {@link never}: it has to be sent again. */
  sent: number;
  /** Wake-ups in a row that nobody has followed: the queue is long, or there are no workers. */
  unheard: number;
  /** The worker that the attempt was given to with its start. */
  readonly room: Room | undefined;
}

/**
 * Hands attempts to workers on any machine. Redis carries wake-ups only: an attempt that no worker has taken, because
 * Redis lost the job or the worker died, is sent again; a worker takes it only with a lease in the store.
 *
 * What can go on where something has just ended does not pass through the queue: its lease is journalled with its start,
 * and the worker is told.
 */
export class BullDispatcher implements Dispatcher {
  readonly type = 'bullmq';
  readonly outlives = true;
  readonly #options: BullDispatcherOptions;
  readonly #mailbox: Mailbox;
  readonly #outstanding = new Map<string, Outstanding>();
  readonly #seen = new Set<string>();
  /** Milliseconds between looks for attempts that nobody has. */
  readonly #checkInterval: number;
  readonly #send: Gather<Job, void>;
  readonly #hand: Gather<Outstanding, number>;
  readonly #rooms = new Rooms();
  readonly #given = new WeakMap<Assignment, Room>();
  #host!: DispatchHost;
  #queue!: Queue;
  #redis!: Redis;
  #subscriber!: Redis;
  #timers: NodeJS.Timeout[] = [];
  #reading = false;
  #again = false;
  #error: Error | undefined;
  #closed = false;
  #begun = false;
  /** Counts the connections to Redis. */
  #connections = 0;
  #workers: readonly WorkerInfo[] = [];

  constructor(options: BullDispatcherOptions) {
    this.#options = options;
    this.#checkInterval = ((options.leaseSeconds ?? leaseSeconds) * 1000) / 6;
    this.#mailbox = new Mailbox(() => options.store.sql, options.leaseSeconds ?? leaseSeconds);
    this.#send = new Gather<Job, void>(async (jobs) => {
      await enqueue(this.#queue, jobs);
      return () => undefined;
    });
    this.#hand = new Gather<Outstanding, number>((entries) => this.#tell(entries));
  }

  async start(host: DispatchHost): Promise<void> {
    this.#host = host;
    const failed = (error: Error) => this.#failed(error);
    // Commands fail at once while Redis is away; what was not sent is sent again when it is back.
    const options = { maxRetriesPerRequest: null, enableOfflineQueue: false, lazyConnect: true } as const;
    this.#redis = new Redis(this.#options.redisUrl, options);
    this.#subscriber = new Redis(this.#options.redisUrl, { maxRetriesPerRequest: null });
    this.#redis.on('error', failed).on('ready', () => this.#recovered());
    this.#subscriber.on('error', failed);
    await this.#redis.connect().catch(failed);
    this.#queue = openQueue(this.#redis);
    this.#queue.on('error', failed);
    this.#subscriber.on('message', (channel: string, text: string) => {
      if (channel === resultsChannel) this.#read();
      else this.#progress(text);
    });
    void this.#subscriber.subscribe(resultsChannel, progressChannel).catch(failed);
  }

  begin(): void {
    this.#begun = true;
    this.#timers = [
      setInterval(() => this.#read(), pollInterval),
      setInterval(() => void this.#check().catch((error: Error) => this.#failed(error)), this.#checkInterval),
      setInterval(() => void this.#mailbox.purge().catch(() => undefined), purgeInterval),
    ];
    this.#read();
  }

  assign(assignment: Assignment): void {
    const room = this.#rooms.take(assignment.workflow.id);
    if (!room) return;
    const seconds = this.#options.leaseSeconds ?? leaseSeconds;
    this.#options.journal().grant({ token: jobOf(assignment).token, worker: room.holder, seconds });
    this.#given.set(assignment, room);
  }

  dispatch(assignment: Assignment): void {
    const job = jobOf(assignment);
    const room = this.#given.get(assignment);
    const entry: Outstanding = { assignment, job, sent: performance.now(), unheard: 0, room };
    this.#outstanding.set(job.token, entry);
    void this.#deliver(entry).catch((error: Error) => {
      entry.sent = never;
      this.#failed(error);
    });
  }

  abort(workflow: string, operation: number): void {
    void this.#redis
      .publish(abortChannel, JSON.stringify({ workflow, op: operation }))
      .catch(() => undefined);
  }

  health(): { status: 'healthy' | 'degraded'; message?: string } {
    if (this.#redis.status === 'ready' && !this.#error) return { status: 'healthy' };
    return { status: 'degraded', message: `Redis: ${this.#error?.message ?? this.#redis.status}` };
  }

  /** Who has shown itself in Redis within the last lease. */
  workers(): readonly WorkerInfo[] {
    return this.#workers;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    // Workers go on; their results wait in the inbox.
    await this.#queue.close().catch(() => undefined);
    this.#subscriber.disconnect();
    this.#redis.disconnect();
  }

  #read(): void {
    // Before recovery has told which attempts there are, every result would look like a stale one.
    if (!this.#begun || this.#closed) return;
    if (this.#reading) {
      this.#again = true;
      return;
    }
    this.#reading = true;
    this.#again = false;
    void this.#takeAll()
      .catch((error: Error) => this.#options.onError?.(error))
      .finally(() => {
        this.#reading = false;
        if (this.#again) this.#read();
      });
  }

  async #takeAll(): Promise<void> {
    for (;;) {
      const page = await this.#mailbox.take(inboxPage);
      const letters = page.filter(({ id }) => !this.#seen.has(id));
      if (letters.length === 0 || this.#closed) return;
      for (const { id, token, message } of letters) {
        this.#seen.add(id);
        // Forgotten together with the events that come of it: a crash before that reads it again.
        this.#options.journal().consume(id);
        const entry = this.#outstanding.get(token);
        if (!entry) continue;
        if (message.kind === 'step') void this.#host.step(entry.assignment, message.step, message.result);
        else {
          this.#outstanding.delete(token);
          if (message.idle !== undefined)
            this.#rooms.add(entry.job.workflow, { holder: message.idle, after: token });
          this.#host.finished(entry.assignment, message.outcome);
        }
      }
      // What follows from these results starts in this turn.
      setImmediate(() => this.#rooms.clear());
      this.#options.journal().whenDurable(() => {
        letters.forEach(({ id }) => this.#seen.delete(id));
        if (page.length === inboxPage) this.#read();
      });
    }
  }

  async #deliver(entry: Outstanding): Promise<void> {
    const { room, job } = entry;
    if (room) {
      if ((await this.#hand.add(entry)) > 0) return;
      // Nobody listens there any more, so nobody can begin it.
      await this.#mailbox.giveBack([job.token], room.holder);
    }
    await this.#send.add(job);
  }

  /** Tells workers what they have got. @returns how many heard it */
  async #tell(entries: readonly Outstanding[]): Promise<(entry: Outstanding) => number> {
    const byWorker = Map.groupBy(entries, ({ room }) => room!.holder);
    const heard = new Map<string, number>();
    const publish = async (holder: string, given: readonly Outstanding[]) => {
      const handed: Handed[] = given.map(({ job, room }) => ({ job, after: room!.after }));
      const connection = this.#connections;
      const count = await this.#redis.publish(handChannel(holder), JSON.stringify(handed));
      // The client repeats what a broken connection left open: then the first message may have been heard.
      heard.set(holder, connection === this.#connections ? count : 1);
    };
    await Promise.all([...byWorker].map(([holder, given]) => publish(holder, given)));
    return ({ room }) => heard.get(room!.holder)!;
  }

  /** Sends again what no worker has taken for a while. */
  async #check(): Promise<void> {
    await this.#listWorkers();
    const now = performance.now();
    const waiting = [...this.#outstanding.values()].filter(({ sent }) => sent < now - this.#checkInterval);
    if (waiting.length === 0 || this.#redis.status !== 'ready') return;
    const held = await this.#mailbox.held(waiting.map(({ job }) => job.token));
    await Promise.all(waiting.map((entry) => this.#remind(entry, held.get(entry.job.token), now)));
  }

  /** @param left share of the lease, where somebody has one */
  async #remind(entry: Outstanding, left: number | undefined, now: number): Promise<void> {
    if (left === undefined) {
      // Later each time: the queue is not filled with the same jobs while there are no workers.
      if (entry.sent + this.#checkInterval * 2 ** Math.min(entry.unheard, 7) > now) return;
      await this.#send.add(entry.job);
      entry.unheard++;
    } else {
      entry.unheard = 0;
      // A worker that knows of its attempt would have renewed the lease by now.
      const lost = entry.room && (entry.sent === never || left < 0.5);
      if (!lost || (await this.#hand.add(entry)) === 0) return;
    }
    entry.sent = performance.now();
  }

  async #listWorkers(): Promise<void> {
    const keys = await this.#redis.keys('provisioning:worker:*');
    const values = keys.length === 0 ? [] : await this.#redis.mget(keys);
    this.#workers = values.flatMap((value) => (value === null ? [] : [JSON.parse(value) as WorkerInfo]));
  }

  #progress(text: string): void {
    const { job, progress } = JSON.parse(text) as ProgressMessage;
    const entry = this.#outstanding.get(job.token);
    if (entry) this.#host.progress(entry.assignment, progress);
  }

  #failed(error: Error): void {
    this.#error = error;
    this.#options.onError?.(error);
  }

  /** Redis is back, perhaps empty: whatever nobody has is sent again. */
  #recovered(): void {
    this.#error = undefined;
    this.#connections++;
    for (const entry of this.#outstanding.values()) Object.assign(entry, { sent: never, unheard: 0 });
    void this.#check().catch(() => undefined);
  }
}
