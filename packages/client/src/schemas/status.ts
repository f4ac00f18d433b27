import { type Static, Type } from 'typebox';

/** Status of tasks, operations and workflows (12 §2; rulings §2). */
export const TaskStatus = Type.Union(
  [
    Type.Literal('Pending'),
    Type.Literal('Running'),
    Type.Literal('Completed'),
    Type.Literal('Failed'),
    Type.Literal('Cancelled'),
  ],
  { $id: 'TaskStatus' },
);
export type TaskStatus = Static<typeof TaskStatus>;

/** What a task is doing inside its status (12 §2). */
export const Phase = Type.Union(
  [
    Type.Literal('queued'),
    Type.Literal('blocked'),
    Type.Literal('scheduled'),
    Type.Literal('running'),
    Type.Literal('retry_wait'),
    Type.Literal('circuit_open'),
    Type.Literal('cancelling'),
    Type.Literal('paused'),
    Type.Literal('interrupted'),
    Type.Literal('done'),
    Type.Literal('skipped'),
    Type.Literal('rolling_back'),
    Type.Literal('rolled_back'),
    Type.Literal('rollback_failed'),
  ],
  { $id: 'Phase' },
);
export type Phase = Static<typeof Phase>;

export const WorkflowKind = Type.Union(
  [
    Type.Literal('server'),
    Type.Literal('taskserv'),
    Type.Literal('cluster'),
    Type.Literal('batch'),
    Type.Literal('update'),
    Type.Literal('test'),
    Type.Literal('custom'),
  ],
  { $id: 'WorkflowKind' },
);
export type WorkflowKind = Static<typeof WorkflowKind>;
