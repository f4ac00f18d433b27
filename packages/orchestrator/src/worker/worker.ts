import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { WorkflowDefinition } from '@provisioning/client';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { type Queue, Worker as BullWorker } from 'bullmq';
import { Redis } from 'ioredis';
import { Gather } from '../dispatch/bullmq/gather.ts';
import { Mailbox } from '../dispatch/bullmq/mailbox.ts';
import {
  abortChannel,
  handChannel,
  type Handed,
  type Job,
  leaseSeconds as defaultLease,
  type Message,
  progressChannel,
  queueName,
  resultsChannel,
} from '../dispatch/bullmq/messages.ts';
import { enqueue, openQueue } from '../dispatch/bullmq/queue.ts';
import { compile, type PlanDefaults, type WorkflowPlan } from '../engine/plan.ts';
import { Attempt, type AttemptOptions } from '../execution/attempt.ts';
import type { Assignment, Executor } from '../execution/executor.ts';
import type { PostgresStore } from '../journal/postgres/store.ts';
import { Slots } from './slots.ts';

export interface WorkerOptions extends AttemptOptions {
  readonly redisUrl: string;
  readonly store: PostgresStore;
  readonly executor: Executor;
  /** Attempts at once. */
  readonly concurrency: number;
  readonly defaults: PlanDefaults;
  /** The same as the orchestrator's; default 30. */
  readonly leaseSeconds?: number;
  readonly onError?: (error: Error) => void;
}

/** Compiled workflows kept; each attempt needs its plan. */
const plansKept = 500;

/** Milliseconds for which the delivery of a step or an outcome is tried. */
const deliveryLimit = 600_000;

const noSteps: ReadonlyMap<string, unknown> = new Map();

interface Running {
  readonly attempt: Attempt;
  readonly job: Job;
  /** When the lease was certainly valid, by the monotonic clock. */
  renewed: number;
}

/**
 * A process that runs attempts of an orchestrator elsewhere. It holds a lease on each; steps and outcomes are durable
 * in the shared store before it goes on. Without its lease it stops the attempt: another worker has taken over.
 *
 * Attempts come from the queue, or directly from the orchestrator where something has just ended here; the latter have
 * their lease already.
 */
export class OperationWorker {
  readonly id = `${hostname()}/${process.pid}`;
  /** In whose name leases are held: process numbers come again, in containers even at once. */
  readonly #holder = `${this.id}/${randomBytes(4).toString('hex')}`;
  readonly #options: WorkerOptions;
  readonly #lease: number;
  readonly #mailbox: Mailbox;
  readonly #claims: Gather<string, boolean | undefined>;
  readonly #results: Gather<Message, void>;
  readonly #running = new Map<string, Running>();
  /** Attempts that are running, or on the way to it: the queue may bring one twice. */
  readonly #known = new Set<string>();
  readonly #slots: Slots;
  /** What the queue brought when it was too late to begin. */
  readonly #late: Job[] = [];
  /** When the delivery of an outcome began: what was given to this worker after it has a lease at least since then. */
  readonly #ended = new Map<string, number>();
  readonly #plans = new Map<string, WorkflowPlan>();
  readonly #started = new Date().toISOString();
  #closing = false;
  #bull!: BullWorker;
  #queue!: Queue;
  #redis!: Redis;
  /** Waits in the queue. */
  #blocking!: Redis;
  #subscriber!: Redis;
  #timer: NodeJS.Timeout | undefined;
  #completed = 0;
  #failed = 0;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#lease = options.leaseSeconds ?? defaultLease;
    this.#mailbox = new Mailbox(() => options.store.sql, this.#lease);
    this.#slots = new Slots(options.concurrency);
    this.#claims = new Gather<string, boolean | undefined>(async (tokens) => {
      const got = await this.#mailbox.claim(tokens, this.#holder);
      return (token) => got.get(token);
    });
    this.#results = new Gather<Message, void>(async (messages) => {
      const now = performance.now();
      for (const { kind, job } of messages) if (kind === 'done') this.#ended.set(job.token, now);
      await this.#mailbox.put(messages, this.#holder);
      void this.#redis.publish(resultsChannel, '').catch(() => undefined);
      return () => undefined;
    });
  }

  /** The store is open. */
  async start(): Promise<void> {
    const { redisUrl, concurrency, onError } = this.#options;
    const failed = (error: Error) => onError?.(error);
    this.#redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
    this.#subscriber = new Redis(redisUrl, { maxRetriesPerRequest: null });
    this.#blocking = new Redis(redisUrl, { maxRetriesPerRequest: null });
    for (const connection of [this.#redis, this.#subscriber, this.#blocking]) connection.on('error', failed);
    this.#subscriber.on('message', (channel: string, text: string) => {
      if (channel === abortChannel) this.#abort(text);
      else void this.#handed(JSON.parse(text) as Handed[]).catch(failed);
    });
    void this.#subscriber.subscribe(abortChannel, handChannel(this.#holder)).catch(failed);
    this.#queue = openQueue(this.#redis);
    this.#queue.on('error', failed);
    this.#bull = new BullWorker<Job>(queueName, (job) => this.#queued(job.data), {
      connection: this.#blocking as never,
      concurrency,
      // The lease in the store decides who works; a job that is handed out twice is refused there.
      lockDuration: this.#lease * 1000,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
      skipVersionCheck: true,
    });
    this.#bull.on('error', failed);
    this.#timer = setInterval(() => void this.#renew().catch(failed), (this.#lease * 1000) / 3);
    void this.#announce().catch(failed);
  }

  /** Takes no more, gives what runs `grace` ms, gives the rest back to other workers. */
  async close(grace: number): Promise<void> {
    this.#closing = true;
    await this.#bull.pause(true).catch(() => undefined);
    await this.#untilIdle(grace);
    const left = [...this.#running.values()];
    const tokens = left.map(({ job }) => job.token);
    if (left.length > 0) await this.#mailbox.giveBack(tokens, this.#holder).catch(() => undefined);
    for (const { attempt } of left) attempt.abort(shuttingDown());
    // Others begin when it has ended here.
    await this.#untilIdle(this.#options.grace);
    clearInterval(this.#timer);
    await this.#redis.del(`provisioning:worker:${this.id}`).catch(() => undefined);
    await this.#bull.close(true).catch(() => undefined);
    // Redis wakes who has waited longest: until it has noticed that this worker is gone, that may be this one.
    await new Promise((resolve) => setTimeout(resolve, 100));
    // If this is lost, the orchestrator notices a little later.
    await enqueue(this.#queue, [...left.map(({ job }) => job), ...this.#late]).catch(() => undefined);
    await this.#queue.close().catch(() => undefined);
    for (const connection of [this.#subscriber, this.#blocking, this.#redis]) connection.disconnect();
    await this.#options.executor.close?.();
    await this.#options.store.close();
  }

  async #untilIdle(milliseconds: number): Promise<void> {
    const until = performance.now() + milliseconds;
    while (this.#running.size > 0 && performance.now() < until)
      await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** An attempt from the queue. Without room it is not claimed yet, so that another worker may come first. */
  async #queued(job: Job): Promise<void> {
    if (this.#known.has(job.token)) return;
    this.#known.add(job.token);
    try {
      await this.#slots.take();
      await this.#claimAndRun(job).finally(() => this.#slots.release());
    } finally {
      this.#known.delete(job.token);
    }
  }

  /** Attempts that this worker was given. What it has no room for goes into the queue, for everybody. */
  async #handed(given: readonly Handed[]): Promise<void> {
    const refused: Job[] = [];
    for (const { job, after } of given) {
      // A message may come twice, the second time after the attempt has ended.
      if (this.#known.has(job.token) || this.#ended.has(job.token)) continue;
      if (this.#closing || !this.#slots.tryTake()) {
        refused.push(job);
        continue;
      }
      this.#known.add(job.token);
      void this.#goOn(job, after)
        .catch((error: Error) => this.#options.onError?.(error))
        .finally(() => {
          this.#known.delete(job.token);
          this.#slots.release();
        });
    }
    if (refused.length === 0) return;
    await this.#mailbox.giveBack(
      refused.map(({ token }) => token),
      this.#holder,
    );
    await enqueue(this.#queue, refused);
  }

  async #goOn(job: Job, after: string): Promise<void> {
    const since = this.#ended.get(after);
    // The lease began after that; while it is certainly valid nobody needs to be asked.
    const valid = since !== undefined && performance.now() - since < (this.#lease * 1000) / 2;
    if (valid) await this.#run(job, true, since);
    else await this.#claimAndRun(job);
  }

  async #claimAndRun(job: Job): Promise<void> {
    if (this.#closing) {
      this.#late.push(job);
      return;
    }
    let since = 0;
    const claim = () => {
      since = performance.now();
      return this.#claims.add(job.token);
    };
    const fresh = await this.#insist(claim, this.#lease * 1000);
    if (fresh !== undefined) await this.#run(job, fresh, since);
  }

  /**
   * @param fresh nobody had the lease before
   * @param since when the lease was certainly valid
   */
  async #run(job: Job, fresh: boolean, since: number): Promise<void> {
    const left = () => since + (this.#lease * 1000) / 2 - performance.now();
    const assignment = await this.#insist(() => this.#assignment(job, fresh), left());
    // While the store was away the lease has grown too old to begin under.
    if (!assignment || left() < 0) return this.#mailbox.giveBack([job.token], this.#holder);
    const attempt = new Attempt(
      assignment,
      this.#options.executor,
      {
        saveStep: (_of, step, result) => this.#deliver({ kind: 'step', job, step, result }),
        progress: (_of, progress) =>
          void this.#redis.publish(progressChannel, JSON.stringify({ job, progress })).catch(() => undefined),
      },
      this.#options,
    );
    this.#running.set(job.token, { attempt, job, renewed: since });
    try {
      const outcome = await attempt.run();
      if (outcome.ok) this.#completed++;
      else this.#failed++;
      if (outcome.ok || outcome.failure.code !== 'WORKER_STOPPED')
        await this.#deliver({ kind: 'done', job, outcome, ...(this.#mayGoOn && { idle: this.#holder }) });
    } finally {
      this.#running.delete(job.token);
      if (!this.#ended.has(job.token)) this.#ended.set(job.token, performance.now());
    }
  }

  /** Whether there is room besides that of the attempt which is ending: then nothing waits in the queue. */
  get #mayGoOn(): boolean {
    return !this.#closing && this.#slots.free;
  }

  /**
   * A finished step and an outcome must arrive: while the store is away it is tried again, for the effect has happened. A
   * lost lease makes the delivery empty.
   */
  #deliver(message: Message): Promise<void> {
    return this.#insist(() => this.#results.add(message), deliveryLimit);
  }

  /** Tries again while the store is away, for so many milliseconds. */
  async #insist<T>(work: () => Promise<T>, limit: number): Promise<T> {
    const until = performance.now() + limit;
    for (;;) {
      try {
        return await work();
      } catch (error) {
        this.#options.onError?.(error as Error);
        if (performance.now() > until) throw error;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
  }

  /** @returns nothing when there is no such operation */
  async #assignment(job: Job, fresh: boolean): Promise<Assignment | undefined> {
    const plan = await this.#plan(job);
    const operation = plan?.operations[job.op];
    if (!plan || !operation) return undefined;
    const { number, attempt, run, undo, begun } = job;
    const output = undo ? await this.#mailbox.output(number, job.op) : undefined;
    // An attempt may have been begun by a worker that died: its steps are looked for too.
    const steps = fresh && !job.steps ? noSteps : await this.#mailbox.steps(job);
    return { number, workflow: plan, operation, attempt, run, undo, begun, output, steps };
  }

  async #plan({ workflow, revision = 0 }: Job): Promise<WorkflowPlan | undefined> {
    const known = this.#plans.get(workflow);
    if (known && known.revision >= revision) return known;
    const row = await this.#options.store.workflow(workflow);
    if (!row?.definition) return undefined;
    const plan = compile(workflow, JSON.parse(row.definition) as WorkflowDefinition, this.#options.defaults);
    this.#plans.set(workflow, plan);
    if (this.#plans.size > plansKept) this.#plans.delete(this.#plans.keys().next().value!);
    return plan;
  }

  async #renew(): Promise<void> {
    await this.#announce();
    const old = performance.now() - (this.#lease * 1000) / 2;
    for (const [token, at] of this.#ended) if (at < old) this.#ended.delete(token);
    const tokens = [...this.#running.keys()];
    if (tokens.length === 0) return;
    const lost = new ProvisioningError({
      code: 'WORKER_STOPPED',
      kind: 'interrupted',
      message: 'The lease was lost; another worker has taken over',
    });
    try {
      const held = await this.#mailbox.renew(tokens, this.#holder);
      for (const [token, running] of this.#running) {
        if (held.has(token)) running.renewed = performance.now();
        else if (tokens.includes(token)) running.attempt.abort(lost);
      }
    } finally {
      const limit = performance.now() - this.#lease * 1000;
      for (const { renewed, attempt } of this.#running.values()) if (renewed < limit) attempt.abort(lost);
    }
  }

  async #announce(): Promise<void> {
    const info = {
      id: this.id,
      host: hostname(),
      state: this.#running.size > 0 ? 'busy' : 'idle',
      started_at: this.#started,
      heartbeat_at: new Date().toISOString(),
      running: this.#running.size,
      completed: this.#completed,
      failed: this.#failed,
    };
    await this.#redis.set(
      `provisioning:worker:${this.id}`,
      JSON.stringify(info),
      'EX',
      Math.ceil(this.#lease),
    );
  }

  #abort(text: string): void {
    const { workflow, op } = JSON.parse(text) as { workflow: string; op: number };
    const reason = new ProvisioningError({ code: 'CANCELLED', kind: 'interrupted', message: 'Cancelled' });
    for (const { attempt, job } of this.#running.values()) {
      if (job.workflow === workflow && job.op === op) attempt.abort(reason);
    }
  }
}

function shuttingDown(): ProvisioningError {
  return new ProvisioningError({
    code: 'WORKER_STOPPED',
    kind: 'interrupted',
    message: 'The worker is shutting down; another one goes on',
  });
}
