import { expect, test } from '@jest/globals';
import type { WorkflowEvent } from '../engine/events.ts';
import { planDefaults } from '../engine/plan.ts';
import type { Store, WorkflowRow } from '../journal/store.ts';
import { fileWorkflow } from '../testing/workflow.fixture.ts';
import { history } from './history.ts';

const second = 1000;

/** The journal of a workflow of two operations, the first of which takes four minutes and a half. */
const journal: readonly WorkflowEvent[] = [
  { type: 'WorkflowSubmitted', at: 0 },
  { type: 'WorkflowStarted', at: second },
  { type: 'OperationStarted', op: 0, attempt: 1, at: second },
  { type: 'OperationCompleted', op: 0, at: 271 * second },
  { type: 'OperationStarted', op: 1, attempt: 1, at: 271 * second },
];

async function* events() {
  for (const [index, event] of journal.entries()) yield { sequence: index + 1, event };
}

test('12 §8 a running workflow has a checkpoint after each operation and for every interval, the newest ten', async () => {
  const row = { id: 'w', number: 1, definition: JSON.stringify(fileWorkflow({ a: [], b: ['a'] })) };
  const read = (interval: number, now: number) =>
    history({ events } as unknown as Store, row as WorkflowRow, planDefaults, {
      interval: interval * second,
      now: now * second,
    });
  const { checkpoints } = await read(60, 332);
  expect(checkpoints.map(({ timestamp, step }) => [timestamp.slice(14, 19), step])).toEqual([
    ['01:01', 'a'],
    ['02:01', 'a'],
    ['03:01', 'a'],
    ['04:01', 'a'],
    ['04:31', 'a'],
    ['05:31', 'b'],
  ]);
  expect(checkpoints.map(({ completed_operations: done }) => done.join())).toEqual([
    '',
    '',
    '',
    '',
    'a',
    'a',
  ]);
  expect(new Set(checkpoints.map(({ id }) => id)).size).toBe(6);
  const often = (await read(5, 24 * 3600)).checkpoints;
  expect([often.length, often.at(-1)!.timestamp]).toEqual([10, '1970-01-01T23:59:56.000Z']);
});
