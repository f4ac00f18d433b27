import type { Change, Operation } from '@provisioning/extensions-sdk';
import type { Static } from 'typebox';
import { observeTaskservs } from '../../taskserv/observe.ts';
import { taskservDelete } from './delete.ts';
import { TaskservInput } from './input.ts';
import { installTaskserv, type TaskservResult } from './install.ts';

/**
 * Installs, updates or repairs one taskserv on one server: `check`, then only what the check says, `check` again, health.
 * Running it twice changes nothing the second time.
 */
export const taskservCreate: Operation<typeof TaskservInput, TaskservResult> = {
  type: 'taskserv.create',
  input: TaskservInput,

  async plan(context, input) {
    const [observation] = await observeTaskservs(context, input.server, [input.taskserv]);
    const { state, reasons, drift } = observation!;
    const action = state === 'satisfied' ? 'unchanged' : state === 'absent' ? 'create' : 'update';
    return [change(input, action, reasons, drift)];
  },

  run: (context, input) =>
    installTaskserv(context, input, { operation: `taskserv create ${input.taskserv.name}` }),

  /** Takes away what this run brought; one that was there before stays as it is now. */
  async undo(context, input, output) {
    if (output.created) await taskservDelete.run(context, { ...input, cleanup_data: false });
  },

  resources: ({ server }) => [`server/${server.hostname}`],
};

function change(
  input: Static<typeof TaskservInput>,
  action: Change['action'],
  reasons: readonly string[],
  drift: boolean,
): Change {
  return {
    action,
    kind: 'taskserv',
    name: `${input.server.hostname}/${input.taskserv.name}`,
    ...(reasons.length === 0 ? {} : { reasons }),
    ...(drift ? { drift } : {}),
  };
}
