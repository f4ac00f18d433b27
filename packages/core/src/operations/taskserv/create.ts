import type { Change, Context, Operation } from '@provisioning/extensions-sdk';
import type { Static } from 'typebox';
import { compareFacts } from '../../taskserv/difference.ts';
import { observeTaskservs, prepareTaskserv } from '../../taskserv/observe.ts';
import { runOnHost } from '../../taskserv/run-on-host.ts';
import { taskservDelete } from './delete.ts';
import { TaskservInput } from './input.ts';

/** Result of one taskserv on one host (07 §5). */
export interface TaskservResult {
  readonly service: string;
  readonly target: string;
  readonly status: 'installed';
  readonly version: string;
  readonly installed_at: string;
  /** False when everything was there already. */
  readonly changed: boolean;
  /** True when it was not there at all: a rollback takes it away again. */
  readonly created: boolean;
  /** What differed before. */
  readonly reasons: readonly string[];
}

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

  async run(context: Context, input) {
    const { server, taskserv } = input;
    const desired = await prepareTaskserv(context, server, taskserv, { references: input.references });
    const output = await runOnHost(context, server, desired, {
      mode: 'create',
      operation: `taskserv create ${taskserv.name}`,
    });
    const before = compareFacts(desired, output.before);
    const after = compareFacts(desired, output.after);
    return {
      service: taskserv.name,
      target: server.hostname,
      status: 'installed',
      version: after.version ?? desired.version,
      installed_at: new Date(context.now()).toISOString(),
      changed: output.result === 'changed',
      created: before.state === 'absent',
      reasons: before.reasons,
    };
  },

  async undo(context, input, { created }) {
    if (created) await taskservDelete.run(context, { ...input, cleanup_data: false });
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
