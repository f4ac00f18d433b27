import assert from 'node:assert/strict';
import type { Store, WorkflowRow } from './store.ts';

/** What every store has to do, as cases that build on each other: tests run them, and so does the conformance suite. */
export interface ContractCase {
  readonly name: string;
  /** @param reopen closes the store and opens the same one again */
  run(store: Store, reopen: () => Promise<Store>): Promise<void>;
}

export function row(number: number, more: Partial<WorkflowRow> = {}): WorkflowRow {
  return {
    number,
    id: `id-${number}`,
    name: `name ${number}`,
    kind: 'custom',
    status: 'Pending',
    phase: 'queued',
    workspace: null,
    infra: 'demo',
    createdBy: 'local',
    createdAt: 1000 + number,
    startedAt: null,
    completedAt: null,
    updatedAt: 1000 + number,
    definition: '{"name":"x"}',
    submission: '{}',
    summary: '{}',
    ...more,
  };
}

const labelled = JSON.stringify({ labels: { tier: 'web', team: "o'shop" } });
const page = { limit: 10, offset: 0, descending: true };

export const storeContract: readonly ContractCase[] = [
  {
    name: 'gives back what was appended, also to a second opening',
    async run(first, reopen) {
      await first.append({
        workflows: [row(1), row(2, { status: 'Completed', phase: 'done', infra: null, summary: labelled })],
        entries: [
          { sequence: 1, workflow: 1, event: { type: 'WorkflowSubmitted', at: 1001 } },
          { sequence: 2, workflow: 1, event: { type: 'OperationStarted', at: 1002, op: 0, attempt: 1 } },
          {
            sequence: 3,
            workflow: 2,
            event: { type: 'StepCompleted', at: 1003, op: 4, step: "it's", result: { a: [1, null, '☃'] } },
          },
        ],
        records: [
          { kind: 'k', id: 'a', data: '1' },
          { kind: 'k', id: 'a', data: '2' },
          { kind: 'k', id: 'b', data: '3', expiresAt: 5 },
        ],
      });
      const store = await reopen();
      same(await store.position(), { sequence: 3, workflow: 2 });
      same(await store.workflow('id-1'), row(1));
      same(
        (await collect(store.events(1, 0))).map(({ event }) => event.type),
        ['WorkflowSubmitted', 'OperationStarted'],
      );
      same((await store.journal(2, 10))[0], {
        sequence: 3,
        workflow: 2,
        event: { type: 'StepCompleted', at: 1003, op: 4, step: "it's", result: { a: [1, null, '☃'] } },
      });
      assert.equal(await store.record('k', 'a'), '2');
      same(
        (await store.unfinished()).map(({ number }) => number),
        [1],
      );
    },
  },
  {
    name: 'later rows replace status and keep the definition; deletions and filters work',
    async run(store) {
      const running = { status: 'Running', phase: 'running', startedAt: 5 };
      await store.append({
        workflows: [row(1, { ...running, definition: undefined, submission: undefined })],
        entries: [],
        records: [{ kind: 'k', id: 'a', data: undefined }],
      });
      same(await store.workflow('id-1'), row(1, running));
      assert.equal(await store.record('k', 'a'), undefined);
      assert.equal((await store.workflows({ status: ['Running'], infra: 'demo' }, page)).rows.length, 1);
      same(await store.workflows({ status: ['Failed'] }, page), { rows: [], total: 0 });
      const found = async (labels: Record<string, string>) =>
        (await store.workflows({ labels }, page)).rows.map(({ number }) => number);
      same(await found({ tier: 'web' }), [2]);
      same(await found({ tier: 'web', team: "o'shop" }), [2]);
      same(await found({ tier: 'db' }), []);
      same(await found({ web: 'tier' }), []);
      same(
        (await store.workflows({}, page)).rows.map(({ number }) => number),
        [2, 1],
      );
      const counts = await store.counts(0);
      same(counts.map(({ status, count }) => `${status} ${count}`).sort(), ['Completed 1', 'Running 1']);
    },
  },
  {
    name: 'a definition may be replaced',
    async run(store) {
      const changed = { definition: '{"name":"y"}', status: 'Running', phase: 'running', startedAt: 5 };
      await store.append({ workflows: [row(1, changed)], entries: [], records: [] });
      same(await store.workflow('id-1'), row(1, changed));
    },
  },
  {
    name: 'the same batch twice is the same as once',
    async run(store) {
      const before = await collect(store.events(1, 0));
      await store.append({ workflows: [], entries: before, records: [] });
      same(await collect(store.events(1, 0)), before);
    },
  },
  {
    name: 'copies see everything: workflows with definitions, records with expiry',
    async run(store) {
      same(
        (await store.workflowsAfter(1, 10)).map(({ id, definition }) => [id, definition]),
        [['id-2', '{"name":"x"}']],
      );
      same(await store.allRecords(), [{ kind: 'k', id: 'b', data: '3', expiresAt: 5 }]);
    },
  },
  {
    name: 'a restoration takes events, workflows and records back at once',
    async run(store) {
      await store.append({
        workflows: [row(3)],
        entries: [
          { sequence: 4, workflow: 3, event: { type: 'WorkflowSubmitted', at: 1004 } },
          { sequence: 5, workflow: 1, event: { type: 'WorkflowCompleted', at: 1005 } },
        ],
        records: [{ kind: 'k', id: 'c', data: '4' }],
      });
      await store.restore({
        after: 3,
        removed: [3],
        workflows: [row(1, { phase: 'paused', definition: undefined, submission: undefined })],
        records: [{ kind: 'k', id: 'c', data: undefined }],
      });
      assert.equal(await store.workflow('id-3'), undefined);
      assert.equal((await store.workflow('id-1'))?.phase, 'paused');
      assert.equal((await store.position()).sequence, 3);
      assert.equal(await store.record('k', 'c'), undefined);
    },
  },
  {
    name: 'removal takes the journal and expired records with it',
    async run(store) {
      await store.remove([2], 10);
      assert.equal(await store.workflow('id-2'), undefined);
      same(await store.journal(2, 10), []);
      same(await store.records('k'), []);
      await store.size();
      await store.ping();
    },
  },
  {
    name: 'a cleared store is empty',
    async run(store) {
      await store.clear();
      same(await store.position(), { sequence: 0, workflow: 0 });
      same(await store.allRecords(), []);
      same(await store.workflowsAfter(0, 10), []);
    },
  },
];

/** Compared as data: drivers make rows of classes of their own. */
function same(actual: unknown, expected: unknown): void {
  assert.equal(canonical(actual), canonical(expected));
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
