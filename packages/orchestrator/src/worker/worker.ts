import { hostname } from 'node:os';
import type { WorkflowDefinition } from '@provisioning/client';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { Worker as BullWorker } from 'bullmq';
import { Redis } from 'ioredis';
import { Gather } from '../dispatch/bullmq/gather.ts';
import { Mailbox } from '../dispatch/bullmq/mailbox.ts';
import {
  abortChannel,
  type Job,
  leaseSeconds as defaultLease,
  type Message,
  progressChannel,
  queueName,
  resultsChannel,
} from '../dispatch/bullmq/messages.ts';
import { compile, type PlanDefaults, type WorkflowPlan } from '../engine/plan.ts';
import { Attempt, type AttemptOptions } from '../execution/attempt.ts';
import type { Executor } from '../execution/executor.ts';
import type { PostgresStore } from '../journal/postgres/store.ts';

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

interface Running {
  readonly attempt: Attempt;
  readonly job: Job;
  renewed: number;
}

/**
 * A process that runs attempts of an orchestrator elsewhere. It holds a lease on each; steps and outcomes are durable
 * in the shared store before it goes on. Without its lease it stops the attempt: another worker has taken over.
 */
export class OperationWorker {
  readonly id = `${hostname()}/${process.pid}`;
  readonly #options: WorkerOptions;
  readonly #lease: number;
  readonly #mailbox: Mailbox;
  readonly #claims: Gather<string, boolean>;
  readonly #results: Gather<Message, void>;
  readonly #running = new Map<string, Running>();
  readonly #plans = new Map<string, WorkflowPlan>();
  readonly #started = new Date().toISOString();
  #bull!: BullWorker;
  #redis!: Redis;
  #subscriber!: Redis;
  #timer: NodeJS.Timeout | undefined;
  #completed = 0;
  #failed = 0;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#lease = options.leaseSeconds ?? defaultLease;
    this.#mailbox = new Mailbox(() => options.store.sql, this.#lease);
    this.#claims = new Gather<string, boolean>(async (tokens) => {
      const got = await this.#mailbox.claim(tokens, this.id);
      return (token) => got.has(token);
    });
    this.#results = new Gather<Message, void>(async (messages) => {
      await this.#mailbox.put(messages, this.id);
      void this.#redis.publish(resultsChannel, '').catch(() => undefined);
      return () => undefined;
    });
  }

  async start(): Promise<void> {
    const { redisUrl, concurrency, onError } = this.#options;
    const failed = (error: Error) => onError?.(error);
    await this.#options.store.open();
    this.#redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
    this.#subscriber = new Redis(redisUrl, { maxRetriesPerRequest: null });
    const blocking = new Redis(redisUrl, { maxRetriesPerRequest: null });
    for (const connection of [this.#redis, this.#subscriber, blocking]) connection.on('error', failed);
    this.#subscriber.on('message', (_channel: string, text: string) => this.#abort(text));
    void this.#subscriber.subscribe(abortChannel).catch(failed);
    this.#bull = new BullWorker<Job>(queueName, (job) => this.#run(job.data), {
      connection: blocking as never,
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
    await this.#bull.pause(true).catch(() => undefined);
    const until = performance.now() + grace;
    while (this.#running.size > 0 && performance.now() < until)
      await new Promise((resolve) => setTimeout(resolve, 50));
    const left = [...this.#running.keys()];
    if (left.length > 0) await this.#mailbox.giveBack(left, this.id).catch(() => undefined);
    for (const { attempt } of this.#running.values()) attempt.abort(shuttingDown());
    clearInterval(this.#timer);
    await this.#redis.del(`provisioning:worker:${this.id}`).catch(() => undefined);
    await this.#bull.close(true).catch(() => undefined);
    this.#subscriber.disconnect();
    this.#redis.disconnect();
    await this.#options.executor.close?.();
    await this.#options.store.close();
  }

  async #run(job: Job): Promise<void> {
    if (this.#running.has(job.token) || !(await this.#claims.add(job.token))) return;
    const plan = await this.#plan(job);
    const operation = plan?.operations[job.op];
    if (!plan || !operation) return;
    const attempt = new Attempt(
      {
        number: job.number,
        workflow: plan,
        operation,
        attempt: job.attempt,
        run: job.run,
        undo: job.undo,
        output: job.undo ? await this.#mailbox.output(job.number, job.op) : undefined,
        // A first attempt may have been begun by a worker that died: its steps are looked for too.
        steps: await this.#mailbox.steps(job.number, job.op, job.token),
      },
      this.#options.executor,
      {
        saveStep: (_of, step, result) => this.#deliver({ kind: 'step', job, step, result }),
        progress: (_of, progress) =>
          void this.#redis.publish(progressChannel, JSON.stringify({ job, progress })).catch(() => undefined),
      },
      this.#options,
    );
    this.#running.set(job.token, { attempt, job, renewed: performance.now() });
    try {
      const outcome = await attempt.run();
      if (outcome.ok) this.#completed++;
      else this.#failed++;
      if (outcome.ok || outcome.failure.code !== 'WORKER_STOPPED')
        await this.#deliver({ kind: 'done', job, worker: this.id, outcome });
    } finally {
      this.#running.delete(job.token);
    }
  }

  /**
   * A finished step and an outcome must arrive: while the store is away it is tried again, for the effect has happened. A
   * lost lease makes the delivery empty.
   */
  async #deliver(message: Message): Promise<void> {
    const until = performance.now() + deliveryLimit;
    for (;;) {
      try {
        await this.#results.add(message);
        return;
      } catch (error) {
        this.#options.onError?.(error as Error);
        if (performance.now() > until) throw error;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
  }

  async #plan({ workflow }: Job): Promise<WorkflowPlan | undefined> {
    const known = this.#plans.get(workflow);
    if (known) return known;
    const row = await this.#options.store.workflow(workflow);
    if (!row?.definition) return undefined;
    const plan = compile(workflow, JSON.parse(row.definition) as WorkflowDefinition, this.#options.defaults);
    this.#plans.set(workflow, plan);
    if (this.#plans.size > plansKept) this.#plans.delete(this.#plans.keys().next().value!);
    return plan;
  }

  async #renew(): Promise<void> {
    await this.#announce();
    const tokens = [...this.#running.keys()];
    if (tokens.length === 0) return;
    const lost = new ProvisioningError({
      code: 'WORKER_STOPPED',
      kind: 'interrupted',
      message: 'The lease was lost; another worker has taken over',
    });
    try {
      const held = await this.#mailbox.renew(tokens, this.id);
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
