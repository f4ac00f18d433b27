import { expect, test } from '@jest/globals';
import type { WorkflowDefinition } from '@provisioning/client';
import { compile } from '../engine/plan.ts';
import { flatten } from './nested.ts';

const workflow = (operations: object[], more: object = {}): WorkflowDefinition =>
  ({ name: 'w', version: '1.0.0', ...more, operations }) as WorkflowDefinition;
const step = (id: string, dependencies: string[] = [], more: object = {}) => ({
  id,
  type: 'test.run',
  dependencies,
  ...more,
});

test('a nested workflow becomes members and a point where they have all ended', () => {
  const inner = workflow([step('a'), step('b', ['a']), step('c')], { defaults: { provider: 'local' } });
  const { definition, errors } = flatten(
    workflow([
      step('first'),
      { id: 'inner', type: 'batch', dependencies: ['first'], workflow: inner },
      step('last', ['inner']),
    ]),
  );
  expect(errors).toEqual([]);
  const plan = compile('w', definition);
  const waits = Object.fromEntries(
    plan.operations.map(({ id, dependencies }) => [
      id,
      dependencies.map(({ operation }) => plan.operations[operation]!.id),
    ]),
  );
  expect(waits).toEqual({
    first: [],
    'inner.a': ['first'],
    'inner.b': ['inner.a'],
    'inner.c': ['first'],
    inner: ['inner.b', 'inner.c'],
    last: ['inner'],
  });
  expect(plan.operations.find(({ id }) => id === 'inner.a')).toMatchObject({ provider: 'local', name: 'a' });
});

test('eight levels are enough, nine are refused', () => {
  const nest = (levels: number): WorkflowDefinition =>
    workflow([levels === 1 ? step('x') : { id: `n${levels}`, type: 'batch', workflow: nest(levels - 1) }]);
  expect(flatten(nest(8)).errors).toEqual([]);
  expect(flatten(nest(9)).errors[0]!.message).toMatch(/^Workflow nesting too deep: /);
});

test('a batch without operations is an error that names it', () => {
  const { errors } = flatten(workflow([{ id: 'empty', type: 'batch' }]));
  expect(errors).toEqual([
    expect.objectContaining({ path: '/operations/0', message: expect.stringContaining("'empty'") }),
  ]);
});
