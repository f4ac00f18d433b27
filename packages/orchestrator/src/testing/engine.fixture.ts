import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedDispatcher } from '../dispatch/embedded.ts';
import type { SchedulerOptions } from '../engine/scheduler.ts';
import type { Execution, Executor } from '../execution/executor.ts';
import { SqliteStore } from '../journal/sqlite/store.ts';
import type { Store } from '../journal/store.ts';
import { Orchestrator } from '../service/orchestrator.ts';

/** What an operation does, by its id. */
export type Behaviour = (execution: Execution) => Promise<unknown>;

export interface TestEngine {
  readonly orchestrator: Orchestrator;
  readonly folder: string;
  /** Operations that run at the moment, and the most there were at once. */
  readonly running: { now: number; most: number };
  /** Ids of operations in the order in which they began, with the time of each. */
  readonly begun: { id: string; at: number }[];
  finished(id: string): Promise<string>;
  end(): Promise<void>;
}

/** An orchestrator as a library, its operations written in the test. */
export async function startEngine(
  behaviours: Readonly<Record<string, Behaviour>> = {},
  options: {
    readonly scheduler?: Partial<SchedulerOptions>;
    readonly grace?: number;
    readonly undo?: Behaviour;
    readonly executor?: Executor;
    readonly store?: (path: string) => Store;
  } = {},
): Promise<TestEngine> {
  const folder = mkdtempSync(join(tmpdir(), 'provisioning-engine-'));
  const running = { now: 0, most: 0 };
  const begun: { id: string; at: number }[] = [];
  const executor: Executor = options.executor ?? {
    supports: () => true,
    canUndo: () => options.undo !== undefined,
    validate: () => [],
    plan: async () => [],
    async run(execution) {
      begun.push({ id: execution.operation.id, at: Date.now() });
      running.now++;
      running.most = Math.max(running.most, running.now);
      try {
        return await (behaviours[execution.operation.id] ?? behaviours['*'])?.(execution);
      } finally {
        running.now--;
      }
    },
    async undo(execution) {
      await options.undo?.(execution);
    },
  };
  const path = join(folder, 'orchestrator.db');
  const orchestrator = new Orchestrator({
    store: options.store?.(path) ?? new SqliteStore(path),
    executor,
    dispatcher: new EmbeddedDispatcher(executor, { grace: options.grace ?? 1000 }),
    logsFolder: join(folder, 'logs'),
    maxOperations: 100_000,
    journal: { retryInterval: 50 },
    runtime: {
      scheduler: {
        strategy: 'dependency_first',
        maxConcurrent: 1000,
        maxCpuCores: 0,
        enablePreemption: false,
        providerLimits: {},
        ...options.scheduler,
      },
    },
  });
  await orchestrator.open();
  return {
    orchestrator,
    folder,
    running,
    begun,
    async finished(id) {
      await orchestrator.workflows.ended(id);
      return (await orchestrator.workflows.get(id)).status;
    },
    async end() {
      await orchestrator.close();
      await sleep(0);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
