import type { Executor } from './executor.ts';

/** The point where the members of a nested workflow have all ended (operations of type `batch`); it does nothing itself. */
export const joinExecutor: Executor = {
  supports: (type) => type === 'batch',
  canUndo: () => true,
  validate: () => [],
  plan: () => Promise.resolve([]),
  run: ({ operation }) => Promise.resolve(operation.input),
  undo: () => Promise.resolve(),
};
