import type { Operation } from '@provisioning/extensions-sdk';
import { TaskservInput } from './input.ts';
import { installTaskserv, type TaskservResult } from './install.ts';

/** Brings one taskserv on one server back to an earlier version and configuration (07 §6.3). */
export const taskservRollback: Operation<typeof TaskservInput, TaskservResult> = {
  type: 'taskserv.rollback',
  input: TaskservInput,

  plan: (_context, { server, taskserv }) =>
    Promise.resolve([
      {
        action: 'update',
        kind: 'taskserv',
        name: `${server.hostname}/${taskserv.name}`,
        attributes: [{ attribute: 'version', after: taskserv.version }],
      },
    ]),

  run: (context, input) =>
    installTaskserv(context, input, {
      operation: `taskserv rollback ${input.taskserv.name}`,
      rollback: true,
    }),

  resources: ({ server }) => [`server/${server.hostname}`],
};
