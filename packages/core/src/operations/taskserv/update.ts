import { type Operation, ProvisioningError } from '@provisioning/extensions-sdk';
import { backupTaskserv } from '../../taskserv/backup.ts';
import { TaskservUpdateInput } from './input.ts';
import { installTaskserv } from './install.ts';
import { MigrationLog } from './migration-log.ts';

/** Result of updating one taskserv on one host (07 §6.2). */
export interface TaskservUpdate {
  readonly service: string;
  readonly target: string;
  readonly status: 'updated';
  readonly from_version: string;
  readonly to_version: string;
  readonly updated_at: string;
  /** Backup that was made before. */
  readonly backup?: string;
}

/**
 * Brings one taskserv on one server to another version: backup of its data, new version, health. When that fails the
 * server gets back what it had.
 */
export const taskservUpdate: Operation<typeof TaskservUpdateInput, TaskservUpdate> = {
  type: 'taskserv.update',
  input: TaskservUpdateInput,

  plan: (_context, { server, taskserv, from }) =>
    Promise.resolve([
      {
        action: 'update',
        kind: 'taskserv',
        name: `${server.hostname}/${taskserv.name}`,
        attributes: [{ attribute: 'version', before: from, after: taskserv.version }],
      },
    ]),

  async run(context, input) {
    const { server, taskserv, references, from } = input;
    const operation = `taskserv update ${taskserv.name}`;
    const backup =
      input.backup_to === undefined
        ? undefined
        : await context.step('backup', () =>
            backupTaskserv(context, server, input.previous ?? taskserv, references, input.backup_to!),
          );
    const log = input.migrate ? new MigrationLog(context, input) : undefined;
    try {
      const { version } = await installTaskserv(log?.context ?? context, input, {
        operation,
        upgrade: true,
        ...(input.migrate ? { migrateFrom: from } : {}),
      });
      await log?.write('done');
      return {
        service: taskserv.name,
        target: server.hostname,
        status: 'updated',
        from_version: from,
        to_version: taskserv.version ?? version,
        updated_at: new Date(context.now()).toISOString(),
        ...(backup === undefined ? {} : { backup: backup.file }),
      };
    } catch (cause) {
      const error = ProvisioningError.from(cause);
      await log?.write(`failed: ${error.message}`);
      // A migration puts its own old version back, and an interrupted or lost connection is no failed update.
      const retry =
        error.code.startsWith('TRANSPORT_') || error.code === 'HOST_BUSY' || context.signal.aborted;
      if (input.migrate || retry || input.previous === undefined) throw failed(error, undefined);
      const back = await installTaskserv(
        context,
        { server, taskserv: input.previous, references },
        { operation, rollback: true },
      ).catch((failure: unknown) => ProvisioningError.from(failure));
      throw failed(
        error,
        back instanceof ProvisioningError
          ? `going back to ${from} failed too: ${back.message}`
          : `${server.hostname} is back on ${from}`,
      );
    }
  },

  resources: ({ server }) => [`server/${server.hostname}`],
};

function failed(error: ProvisioningError, end: string | undefined): ProvisioningError {
  return new ProvisioningError({
    code: error.code,
    kind: error.kind,
    message: `Update failed: ${error.message}${end === undefined ? '' : `; ${end}`}`,
    hint: error.hint ?? 'After repair go on with: provisioning taskserv update --resume',
    retryable: error.retryable,
    details: error.details,
    cause: error,
  });
}
