import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import type { WorkflowDefinition } from '@provisioning/client';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { CommandExecutor } from '../execution/command-executor.ts';
import type { Executor } from '../execution/executor.ts';
import { SqliteStore } from '../journal/sqlite/store.ts';
import type { Batch } from '../journal/store.ts';
import { startEngine, type TestEngine } from '../testing/engine.fixture.ts';

let engine: TestEngine;
afterEach(() => engine.end());

function workflow(
  operations: Readonly<Record<string, object>>,
  more: Partial<WorkflowDefinition> = {},
): WorkflowDefinition {
  return {
    name: 'test',
    version: '1.0.0',
    ...more,
    operations: Object.entries(operations).map(([id, rest]) => ({ id, type: 'test.run', ...rest })),
  };
}

const many = (count: number, rest: object = {}) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`op-${index}`, rest]));

const broken = (code = 'UNAVAILABLE') =>
  new ProvisioningError({ code, kind: 'unavailable', message: 'broken', retryable: true });

test('12.A4 parallel_limit bounds a workflow; with limit 100 all of 100 start', async () => {
  let wanted = 2;
  // Each waits until that many were at it together, so that slow starts do not count as a limit.
  const meet = async (): Promise<void> => {
    while (engine.running.most < wanted) await sleep(1);
    await sleep(5);
  };
  engine = await startEngine({ '*': meet });
  const narrow = await engine.orchestrator.workflows.submit(workflow(many(6), { parallel_limit: 2 }));
  await engine.finished(narrow);
  expect(engine.running.most).toBe(2);
  wanted = 100;
  const wide = await engine.orchestrator.workflows.submit(workflow(many(100), { parallel_limit: 100 }));
  await engine.finished(wide);
  expect(engine.running.most).toBe(100);
});

test('12.A5 a hard dependency that fails skips its dependents, a soft one does not', async () => {
  engine = await startEngine({ bad: () => Promise.reject(new Error('no')) });
  const id = await engine.orchestrator.workflows.submit(
    workflow(
      { bad: {}, hard: { dependencies: ['bad'] }, soft: { dependencies: ['soft:bad'] } },
      { on_failure: 'continue' },
    ),
  );
  expect(await engine.finished(id)).toBe('Failed');
  const [bad, hard, soft] = await engine.orchestrator.workflows.operations(id);
  expect(bad).toMatchObject({ status: 'Failed', error: 'no' });
  expect(hard).toMatchObject({ status: 'Cancelled', phase: 'skipped', error: "dependency 'bad' failed" });
  expect(soft).toMatchObject({ status: 'Completed' });
});

test('12.A8 retries wait longer each time; the third attempt may succeed, a third failure is final', async () => {
  let failures = 0;
  engine = await startEngine({
    twice: async () => {
      if (++failures <= 2) throw broken();
    },
    ever: () => Promise.reject(broken()),
  });
  const retry_policy = { max_attempts: 3, initial_delay_seconds: 0.5, jitter: 0.2 };
  const good = await engine.orchestrator.workflows.submit(workflow({ twice: { retry_policy } }));
  expect(await engine.finished(good)).toBe('Completed');
  const [first, second, third] = engine.begun.map(({ at }) => at) as [number, number, number];
  expect(second - first).toBeGreaterThanOrEqual(395);
  expect(third - second).toBeGreaterThanOrEqual(795);
  const bad = await engine.orchestrator.workflows.submit(
    workflow({ ever: { retry_policy: { ...retry_policy, initial_delay_seconds: 0.01 } } }),
  );
  expect(await engine.finished(bad)).toBe('Failed');
  const record = await engine.orchestrator.workflows.get(bad);
  expect(record.error).toBe('Operation failed after 3 attempts: broken');
});

test('errors that another attempt cannot help are not retried', async () => {
  const error = new ProvisioningError({ code: 'FORBIDDEN', kind: 'permission', message: 'no' });
  engine = await startEngine({ a: () => Promise.reject(error) });
  const id = await engine.orchestrator.workflows.submit(workflow({ a: {} }));
  expect(await engine.finished(id)).toBe('Failed');
  expect(engine.begun).toHaveLength(1);
});

test('12.A9 a failing compensation is listed; a second rollback runs only that one', async () => {
  const undone: string[] = [];
  let fails = true;
  engine = await startEngine(
    {},
    {
      undo: async ({ operation }) => {
        undone.push(operation.id);
        if (operation.id === 'b' && fails) throw new Error('stuck');
      },
    },
  );
  const { workflows, rollbacks } = engine.orchestrator;
  const id = await workflows.submit(
    workflow({ a: {}, b: { dependencies: ['a'] }, c: { dependencies: ['b'] } }),
  );
  await engine.finished(id);
  const first = await rollbacks.execute({ workflow_id: id });
  const result = await rollbacks.wait(first.rollback_id!, 60_000);
  expect(result).toMatchObject({
    success: false,
    operations_executed: 1,
    operations_failed: 1,
    orphaned: ['a'],
  });
  expect(result.failed).toEqual([expect.objectContaining({ operation_id: 'b', error: 'stuck' })]);
  fails = false;
  await workflows.ended(id);
  const second = await rollbacks.execute({ workflow_id: id });
  expect(await rollbacks.wait(second.rollback_id!, 60_000)).toMatchObject({
    success: true,
    operations_executed: 2,
  });
  expect(undone).toEqual(['c', 'b', 'b', 'a']);
});

test('on_failure rollback undoes by itself what was done', async () => {
  const undone: string[] = [];
  engine = await startEngine(
    { bad: () => Promise.reject(new Error('no')) },
    { undo: async ({ operation }) => void undone.push(operation.id) },
  );
  const id = await engine.orchestrator.workflows.submit(
    workflow({ a: {}, b: { dependencies: ['a'] }, bad: { dependencies: ['b'] } }, { on_failure: 'rollback' }),
  );
  await engine.orchestrator.workflows.ended(id);
  expect(undone).toEqual(['b', 'a']);
  expect(await engine.orchestrator.workflows.get(id)).toMatchObject({
    status: 'Failed',
    phase: 'rolled_back',
  });
});

test('what failed half-way is undone as far as its finished steps tell', async () => {
  const undone: unknown[] = [];
  const executor: Executor = {
    supports: () => true,
    canUndo: () => true,
    validate: () => [],
    plan: async () => [],
    partial: (_type, _input, steps) => (steps.has('made') ? { made: steps.get('made') } : undefined),
    async run({ operation, step }) {
      if (operation.id !== 'early') await step('made', async () => operation.id.length);
      throw new Error('no');
    },
    async undo({ operation, output, steps }) {
      undone.push([operation.id, output ?? this.partial!('', {}, steps)]);
    },
  };
  engine = await startEngine({}, { executor });
  const { workflows, rollbacks } = engine.orchestrator;
  const id = await workflows.submit(workflow({ early: {}, half: {} }, { on_failure: 'continue' }));
  await engine.finished(id);
  const { rollback_id } = await rollbacks.execute({ workflow_id: id });
  expect(await rollbacks.wait(rollback_id!, 60_000)).toMatchObject({
    success: true,
    operations_executed: 1,
    irreversible: ['early'],
  });
  expect(undone).toEqual([['half', { made: 4 }]]);
  await workflows.ended(id);
});

test('12.A17 five failures of a provider open its circuit: the sixth call is not made', async () => {
  engine = await startEngine({ '*': () => Promise.reject(broken()) });
  const operations = many(6, { provider: 'flaky', retry_policy: { max_attempts: 1 } });
  const id = await engine.orchestrator.workflows.submit(
    workflow(operations, { parallel_limit: 1, on_failure: 'continue' }),
  );
  const waiting = async () =>
    (await engine.orchestrator.workflows.operations(id)).find(({ phase }) => phase === 'circuit_open');
  while ((await waiting()) === undefined) await sleep(5);
  expect(await waiting()).toMatchObject({
    status: 'Pending',
    reason: 'circuit of provider flaky is open',
  });
  await sleep(100);
  expect(engine.begun).toHaveLength(5);
  expect(engine.orchestrator.runtime.circuits.states()).toEqual([{ name: 'flaky', level: 2, failures: 5 }]);
  await engine.orchestrator.workflows.cancel(id);
});

test('12.A18 urgent work goes before what waited longer', async () => {
  engine = await startEngine({ '*': () => sleep(5) }, { scheduler: { maxConcurrent: 1 } });
  const ids = [await engine.orchestrator.workflows.submit(workflow(many(50), { parallel_limit: 100 }))];
  ids.push(await engine.orchestrator.workflows.submit(workflow({ urgent: {} }, { priority: 90 })));
  const before = engine.begun.length;
  while (!engine.begun.some(({ id }) => id === 'urgent')) await sleep(2);
  expect(engine.begun.findIndex(({ id }) => id === 'urgent')).toBeLessThanOrEqual(before + 1);
  await Promise.all(ids.map((id) => engine.finished(id)));
});

test('two workflows that change the same resource take turns and say so', async () => {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  engine = await startEngine({ '*': () => opened });
  const same = workflow({ a: { resources: ['server/web-01'] } }, { infra: 'demo' });
  const [first, second] = await Promise.all([1, 2].map(() => engine.orchestrator.workflows.submit(same)));
  const waiting = async () => (await engine.orchestrator.workflows.operations(second!))[0];
  while ((await waiting())?.phase !== 'blocked') await sleep(5);
  expect(await waiting()).toMatchObject({ reason: `locked by workflow ${first}` });
  open();
  await Promise.all([engine.finished(first!), engine.finished(second!)]);
  expect(engine.running.most).toBe(1);
});

test('an attempt that takes too long is retried once, then final', async () => {
  engine = await startEngine({
    slow: ({ signal }) => sleep(60_000, undefined, { signal }),
  });
  const id = await engine.orchestrator.workflows.submit(
    workflow({
      slow: { timeout_seconds: 0.05, retry_policy: { initial_delay_seconds: 0.01, max_attempts: 5 } },
    }),
  );
  expect(await engine.finished(id)).toBe('Failed');
  expect(engine.begun).toHaveLength(2);
  expect((await engine.orchestrator.workflows.get(id)).error).toBe('Task timed out after 0.05s');
});

test('a workflow with a time limit ends when it is over', async () => {
  engine = await startEngine({ '*': ({ signal }) => sleep(60_000, undefined, { signal }) });
  const id = await engine.orchestrator.workflows.submit(
    workflow({ a: {}, b: { dependencies: ['a'] } }, { timeout_seconds: 0.1 }),
  );
  expect(await engine.finished(id)).toBe('Failed');
  expect((await engine.orchestrator.workflows.get(id)).error).toBe('Workflow timed out after 0.1s');
});

test('12.A19 a command that ignores SIGTERM is killed after its grace; what was completed stays', async () => {
  const executor = new CommandExecutor({
    allowed: true,
    grace: 300,
    endpoint: () => '',
    environment: process.env,
  });
  engine = await startEngine({}, { executor, grace: 1000 });
  const id = await engine.orchestrator.workflows.submit({
    name: 'stubborn',
    version: '1.0.0',
    operations: [
      { id: 'done', type: 'command', input: { command: 'true' } },
      {
        id: 'stubborn',
        type: 'command',
        dependencies: ['done'],
        input: { command: 'sh', args: ['-c', 'trap "" TERM; echo started; sleep 60 & wait; sleep 60'] },
      },
    ],
  });
  for (;;) {
    if ((await engine.orchestrator.workflows.readLogs(id, {})).includes('started')) break;
    await sleep(20);
  }
  const began = Date.now();
  await engine.orchestrator.workflows.cancel(id);
  expect(await engine.finished(id)).toBe('Cancelled');
  expect(Date.now() - began).toBeGreaterThanOrEqual(290);
  // `sleep 60` was not waited for.
  expect(Date.now() - began).toBeLessThan(50_000);
  const [done, stubborn] = await engine.orchestrator.workflows.operations(id);
  expect([done?.status, stubborn?.status]).toEqual(['Completed', 'Cancelled']);
});

test('a full disk refuses submissions, holds new steps, and recovers without hands', async () => {
  let full = false;
  class FullStore extends SqliteStore {
    override append(batch: Batch): Promise<void> {
      if (full) return Promise.reject(new Error('database or disk is full'));
      return super.append(batch);
    }
  }
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  engine = await startEngine({ '*': () => opened }, { store: (path) => new FullStore(path) });
  const { workflows } = engine.orchestrator;
  const id = await workflows.submit(workflow({ a: {}, b: { dependencies: ['a'] } }));
  while (engine.begun.length === 0) await sleep(1);
  full = true;
  open();
  await sleep(80);
  expect(engine.begun).toHaveLength(1);
  await expect(workflows.submit(workflow({ c: {} }))).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
  full = false;
  expect(await engine.finished(id)).toBe('Completed');
  expect(engine.begun).toHaveLength(2);
});

test('a workflow inside a large graph runs each operation once', async () => {
  engine = await startEngine();
  const operations = Object.fromEntries(
    Array.from({ length: 5000 }, (_, index) => [
      `op-${index}`,
      index === 0 ? {} : { dependencies: [`op-${(index - 1) >> 1}`] },
    ]),
  );
  const id = await engine.orchestrator.workflows.submit(workflow(operations, { parallel_limit: 100 }));
  expect(await engine.finished(id)).toBe('Completed');
  expect(engine.begun).toHaveLength(5000);
});
