import { type Operation, ProvisioningError } from '@provisioning/extensions-sdk';
import { askHelper } from '../../taskserv/helping-server.ts';
import { forgetInstalled } from '../../taskserv/history.ts';
import { observeTaskservs, prepareTaskserv } from '../../taskserv/observe.ts';
import { runOnHost } from '../../taskserv/run-on-host.ts';
import { TaskservDeleteInput } from './input.ts';

/** Result of removing one taskserv from one host (07 §6.1). */
export interface TaskservRemoval {
  readonly service: string;
  readonly target: string;
  readonly status: 'uninstalled' | 'absent';
  readonly data_removed: boolean;
  readonly uninstalled_at: string;
  /** What could not be removed. */
  readonly warnings: readonly string[];
}

/** Removes one taskserv from one server; data stays unless asked for. One that is not there is no error. */
export const taskservDelete: Operation<typeof TaskservDeleteInput, TaskservRemoval> = {
  type: 'taskserv.delete',
  input: TaskservDeleteInput,

  async plan(context, { server, taskserv }) {
    const [observation] = await observeTaskservs(context, server, [taskserv]);
    const name = `${server.hostname}/${taskserv.name}`;
    return [{ action: observation!.state === 'absent' ? 'unchanged' : 'delete', kind: 'taskserv', name }];
  },

  async run(context, input) {
    const { server, taskserv } = input;
    const desired = await prepareTaskserv(context, server, taskserv, { references: input.references });
    const lone = await askHelper(context, server, desired, input.references, 'helper-remove').then(
      () => [],
      (error: unknown) => [ProvisioningError.from(error).message],
    );
    const output = await runOnHost(context, server, desired, {
      mode: 'delete',
      operation: `taskserv delete ${taskserv.name}`,
      cleanupData: input.cleanup_data,
    });
    await forgetInstalled(context, server.hostname, taskserv.name);
    return {
      service: taskserv.name,
      target: server.hostname,
      status: output.result === 'absent' ? 'absent' : 'uninstalled',
      data_removed: input.cleanup_data && output.result !== 'absent',
      uninstalled_at: new Date(context.now()).toISOString(),
      warnings: [...lone, ...output.warnings],
    };
  },
};
