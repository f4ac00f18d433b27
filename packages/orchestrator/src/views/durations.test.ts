import { expect, test } from '@jest/globals';
import { apply } from '../engine/apply.ts';
import { compile } from '../engine/plan.ts';
import { initialState } from '../engine/state.ts';
import { fileWorkflow } from '../testing/workflow.fixture.ts';
import { Durations } from './durations.ts';

test('what remains is the longest path of expected durations, unknown before three runs', () => {
  const durations = new Durations();
  const state = initialState(compile('w', fileWorkflow({ a: [], b: ['a'], c: ['a'], d: ['b', 'c'] })));
  for (const seconds of [10, 30]) durations.record('file.create', seconds);
  expect(durations.remaining(state, 0)).toBeNull();
  durations.record('file.create', 20);
  expect(durations.expected('file.create')).toBe(20);
  expect(durations.remaining(state, 0)).toBe(60);
  apply(state, { type: 'WorkflowStarted', at: 0 }, () => undefined);
  apply(state, { type: 'OperationStarted', at: 0, op: 0, attempt: 1 }, () => undefined);
  expect(durations.remaining(state, 5000)).toBe(55);
  // It takes longer than ever: nothing is left of it, not less than nothing.
  expect(durations.remaining(state, 90_000)).toBe(40);
  apply(state, { type: 'OperationCompleted', at: 90_000, op: 0 }, () => undefined);
  expect(durations.remaining(state, 90_000)).toBe(40);
});
