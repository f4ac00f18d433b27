import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowDefinition } from '@provisioning/client';
import { EmbeddedDispatcher } from '../../../../packages/orchestrator/src/dispatch/embedded.ts';
import type { Dispatcher } from '../../../../packages/orchestrator/src/dispatch/dispatcher.ts';
import type { Executor } from '../../../../packages/orchestrator/src/execution/executor.ts';
import { SqliteStore } from '../../../../packages/orchestrator/src/journal/sqlite/store.ts';
import type { Store } from '../../../../packages/orchestrator/src/journal/store.ts';
import { Orchestrator } from '../../../../packages/orchestrator/src/service/orchestrator.ts';
import { stepsOfWorkflow } from './load.ts';

export const doNothing: Executor = {
  supports: () => true,
  canUndo: () => false,
  validate: () => [],
  plan: () => Promise.resolve([]),
  run: () => Promise.resolve(undefined),
  undo: () => Promise.resolve(),
};

/** Operations in a row, each journalled before it runs. */
export function chain(steps: number): WorkflowDefinition {
  return {
    name: 'bench',
    version: '1.0.0',
    operations: Array.from({ length: steps }, (_, index) => ({
      id: `step-${index}`,
      type: 'bench.nothing',
      dependencies: index === 0 ? [] : [`step-${index - 1}`],
    })),
  };
}

export interface Engine {
  readonly orchestrator: Orchestrator;
  /** Submits a workflow and waits for its end. */
  run(definition?: WorkflowDefinition): Promise<void>;
  close(): Promise<void>;
}

/** An orchestrator as a library: real journal, real dispatcher, operations that do nothing. */
export async function startEngine(
  folder: string,
  parts: (made: () => Orchestrator) => { readonly store: Store; readonly dispatcher: Dispatcher },
  maxConcurrent = 1000,
): Promise<Engine> {
  mkdirSync(folder, { recursive: true });
  const waiting = new Map<string, () => void>();
  const ended = new Set<string>();
  const orchestrator: Orchestrator = new Orchestrator({
    ...parts(() => orchestrator),
    executor: doNothing,
    logsFolder: join(folder, 'logs'),
    maxOperations: 100_000,
    runtime: {
      scheduler: {
        strategy: 'dependency_first',
        maxConcurrent,
        maxCpuCores: 0,
        enablePreemption: false,
        providerLimits: {},
      },
    },
    onEnd: ({ state }) => {
      const { id } = state.plan;
      const wake = waiting.get(id);
      if (wake) {
        waiting.delete(id);
        wake();
      } else ended.add(id);
    },
  });
  await orchestrator.open();
  const plain = chain(stepsOfWorkflow);
  return {
    orchestrator,
    async run(definition = plain) {
      const id = await orchestrator.workflows.submit(definition);
      if (!ended.delete(id)) await new Promise<void>((resolve) => waiting.set(id, resolve));
    },
    close: () => orchestrator.close(),
  };
}

export function startEmbedded(folder: string): Promise<Engine> {
  return startEngine(folder, () => ({
    store: new SqliteStore(join(folder, 'orchestrator.db')),
    dispatcher: new EmbeddedDispatcher(doNothing, { grace: 1000 }),
  }));
}
