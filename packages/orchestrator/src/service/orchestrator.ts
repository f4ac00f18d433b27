import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import { type PlanDefaults, planDefaults } from '../engine/plan.ts';
import { EventBus } from '../events/bus.ts';
import type { Executor } from '../execution/executor.ts';
import { Journal, type JournalOptions } from '../journal/journal.ts';
import type { Store } from '../journal/store.ts';
import { SwitchStore } from '../journal/switch-store.ts';
import { OrchestratorMetrics } from '../metrics/orchestrator-metrics.ts';
import { Migrations } from '../migration/migrations.ts';
import { Retention, type RetentionOptions } from '../retention/retention.ts';
import { Rollbacks } from '../rollback/rollbacks.ts';
import type { Live } from '../runtime/live.ts';
import type { WorkflowEvent } from '../engine/events.ts';
import { type Repair, repairStore } from '../recovery/repair.ts';
import { recover } from '../recovery/recover.ts';
import { limitsOf } from '../quotas/limits.ts';
import { Quotas } from '../quotas/quotas.ts';
import { Schedules } from '../schedules/schedules.ts';
import { Runtime, type RuntimeOptions } from '../runtime/runtime.ts';
import { TaskLogs } from '../logs/task-logs.ts';
import type { Endpoint } from '../webhooks/endpoints.ts';
import { Durations } from '../views/durations.ts';
import { Webhooks } from '../webhooks/webhooks.ts';
import { defaultSettings } from '../settings/defaults.ts';
import type { Settings } from '../settings/settings.ts';
import { Workflows } from './workflows.ts';

export interface OrchestratorOptions {
  readonly store: Store;
  readonly dispatcher: Dispatcher;
  readonly executor: Executor;
  readonly logsFolder: string;
  /** For the copies of what a restore takes away; default beside the logs. */
  readonly checkpointsFolder?: string;
  readonly runtime?: Partial<Omit<RuntimeOptions, 'worker'>>;
  readonly journal?: JournalOptions;
  readonly maxOperations?: number;
  readonly retention?: RetentionOptions;
  readonly webhooks?: readonly Endpoint[];
  /** Shown to receivers of webhooks. */
  readonly version?: string;
  /** Needed for moves to another store. */
  readonly settings?: Settings;
  readonly onWarning?: (message: string) => void;
  readonly onEnd?: (live: Live) => void;
  readonly onEvent?: (live: Live, event: WorkflowEvent) => void;
}

/** Journal, engine, dispatcher and recovery put together. The API is one way in; tests and benchmarks are another. */
export class Orchestrator {
  readonly store: SwitchStore;
  readonly journal: Journal;
  readonly bus = new EventBus();
  readonly runtime: Runtime;
  readonly logs: TaskLogs;
  readonly workflows: Workflows;
  readonly rollbacks: Rollbacks;
  readonly webhooks: Webhooks;
  readonly retention: Retention;
  readonly migrations: Migrations;
  readonly schedules: Schedules;
  readonly quotas: Quotas;
  readonly metrics = new OrchestratorMetrics();
  readonly durations = new Durations();
  readonly dispatcher: Dispatcher;
  readonly executor: Executor;
  readonly #defaults: PlanDefaults;
  #recovering = true;

  constructor(options: OrchestratorOptions) {
    const { dispatcher, executor, runtime = {} } = options;
    this.store = new SwitchStore(options.store);
    const { store } = this;
    this.dispatcher = dispatcher;
    this.executor = executor;
    this.#defaults = runtime.defaults ?? planDefaults;
    this.journal = new Journal(store, {
      ...options.journal,
      onAppend: (seconds, events) => {
        this.metrics.onAppend(seconds, events);
        options.journal?.onAppend?.(seconds, events);
      },
      onHealth: (error) => {
        options.journal?.onHealth?.(error);
        if (error === undefined) this.runtime.wake();
      },
    });
    this.logs = new TaskLogs(options.logsFolder);
    this.runtime = new Runtime(
      {
        scheduler: {
          strategy: 'dependency_first',
          maxConcurrent: 5,
          maxCpuCores: 0,
          enablePreemption: false,
          providerLimits: {},
        },
        maxQueue: 10_000,
        schedulingInterval: 10_000,
        ...runtime,
        defaults: this.#defaults,
        worker: `${hostname()}/${process.pid}`,
      },
      {
        journal: this.journal,
        dispatcher,
        executor,
        bus: this.bus,
        logs: this.logs,
        onEnd: (live) => {
          this.workflows.remember(live);
          options.onEnd?.(live);
        },
        onEvent: (live, event) => {
          this.metrics.onEvent(live, event);
          if (event.type === 'OperationCompleted') this.#learn(live, event.op);
          this.rollbacks.onEvent(live, event);
          this.webhooks.onEvent(live, event);
          this.quotas.onEvent(live, event);
          options.onEvent?.(live, event);
        },
      },
    );
    this.workflows = new Workflows({
      store,
      runtime: this.runtime,
      journal: this.journal,
      executor,
      logs: this.logs,
      bus: this.bus,
      defaults: this.#defaults,
      maxOperations: options.maxOperations ?? 1000,
      durations: this.durations,
      checkpointInterval: (options.settings?.checkpoint_interval_seconds ?? 30) * 1000,
    });
    this.webhooks = new Webhooks({
      store,
      journal: () => this.journal,
      endpoints: options.webhooks ?? [],
      version: options.version ?? '0.0.0',
      onResult: (endpoint, result) => this.metrics.delivered(endpoint, result),
      onWarning: options.onWarning ?? (() => undefined),
    });
    const settings = options.settings ?? defaultSettings(join(options.logsFolder, '..'));
    this.quotas = new Quotas({
      store,
      journal: () => this.journal,
      mode: settings.mode,
      limitsOf: (subject, roles) => limitsOf(settings, subject, roles),
    });
    this.schedules = new Schedules({
      store,
      journal: () => this.journal,
      submit: async (definition, facts, records) => {
        const reserve = this.quotas.admit(facts.createdBy ?? '', definition);
        return this.workflows.submit(definition, facts, (id) => [...records(id), ...reserve(id)]);
      },
      isActive: (id) => this.runtime.live(id) !== undefined,
      onWarning: options.onWarning ?? (() => undefined),
    });
    this.migrations = new Migrations({
      store,
      settings,
      shared: dispatcher.outlives,
    });
    for (const { id } of options.webhooks ?? []) this.metrics.expectDeliveries(id);
    this.rollbacks = new Rollbacks(this.workflows, store, this.journal, {
      runtime: this.runtime,
      defaults: this.#defaults,
      folder: options.checkpointsFolder ?? join(options.logsFolder, '..', 'checkpoints'),
    });
    this.retention = new Retention(
      store,
      this.logs,
      this.rollbacks,
      options.retention ?? { completedDays: 30, failedDays: 90, checkpointDays: 30 },
      (error) => options.onWarning?.(`retention: ${error.message}`),
    );
  }

  /** Puts right what lists show of workflows, from the journal; with `check` it only tells. */
  async repair(check: boolean): Promise<Repair> {
    await this.journal.flush();
    const moving = (id: string) => this.runtime.live(id) !== undefined;
    return repairStore(this.store, this.#defaults, { check, moving, now: Date.now });
  }

  #learn({ state }: Live, op: number): void {
    const { plan, startedAt, completedAt } = state.operations[op]!;
    if (startedAt === undefined || completedAt === undefined) return;
    this.durations.record(plan.type, (completedAt - startedAt) / 1000);
  }

  /** False once every unfinished workflow has been taken up again. */
  get recovering(): boolean {
    return this.#recovering;
  }

  /** Opens the store and takes up what is unfinished. */
  async open(): Promise<void> {
    await this.openStore();
    await this.recover();
  }

  async openStore(): Promise<void> {
    await this.store.open();
    await this.journal.open();
    await this.quotas.start();
    this.runtime.begin((await this.store.position()).workflow);
    await this.dispatcher.start({
      step: (assignment, step, result) => this.runtime.step(assignment, step, result),
      progress: (assignment, progress) => this.runtime.report(assignment, progress),
      finished: (assignment, outcome) => this.runtime.finished(assignment, outcome),
    });
  }

  async recover(): Promise<number> {
    const began = performance.now();
    const count = await recover(this.store, this.runtime, this.#defaults, this.dispatcher.outlives);
    this.metrics.recoverySeconds = (performance.now() - began) / 1000;
    this.#recovering = false;
    await this.webhooks.start();
    this.retention.start();
    this.dispatcher.begin?.();
    this.runtime.dispatch();
    await this.schedules.start();
    return count;
  }

  /** Starts nothing new, gives what runs `grace` ms to end, then closes. What did not end goes on at the next start. */
  async close(grace = 0): Promise<void> {
    this.runtime.drain();
    await this.schedules.stop();
    await this.dispatcher.close(grace);
    this.runtime.stop();
    this.webhooks.stop();
    this.retention.stop();
    await this.logs.settled();
    await this.journal.close().finally(() => this.store.close());
  }
}
