import { setTimeout as sleep } from 'node:timers/promises';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ProvisioningCommand } from '../frame/command.ts';
import type { OrchestratorApi } from './api.ts';

/** How far a rollback is, or how it ended (12 §9). */
export interface RollbackOutcome {
  readonly rollback_id?: string;
  readonly success: boolean;
  readonly finished: boolean;
  readonly operations_executed: number;
  readonly operations_failed: number;
  readonly duration: number;
  readonly failed: readonly { readonly operation_id: string; readonly error: string }[];
  readonly irreversible: readonly string[];
  readonly orphaned: readonly string[];
  readonly order?: readonly string[];
}

/** Milliseconds between looks at a rollback that is under way. */
const interval = 250;

/** What a rollback would undo, in its order. */
export async function printRollbackOrder(
  command: ProvisioningCommand,
  { order = [], irreversible }: Pick<RollbackOutcome, 'order' | 'irreversible'>,
): Promise<void> {
  command.out.warn('Check mode: No changes will be made');
  await command.out.result({ check_mode: true, order, irreversible }, () => [
    ...(order.length === 0 ? ['Nothing to undo'] : ['Would undo, in this order:']),
    ...order.map((id) => `  - ${id}`),
    ...irreversible.map((id) => `  ! ${id} cannot be undone`),
  ]);
}

/**
 * Watches a rollback to its end and says how it ended; Ctrl-C only stops watching.
 * @throws ProvisioningError `ROLLBACK_FAILED` with what could not be undone
 */
export async function finishRollback(
  command: ProvisioningCommand,
  api: OrchestratorApi,
  id: string,
): Promise<void> {
  const { out, host } = command;
  let detached = false;
  const release = host.interruption.onInterrupt(() => (detached = true));
  let outcome = await api.get<RollbackOutcome>(`/rollback/${id}`);
  try {
    for (let said = -1; !outcome.finished && !detached;) {
      if (outcome.operations_executed !== said) {
        said = outcome.operations_executed;
        out.progress(`Undone: ${said}`);
      }
      await sleep(interval);
      outcome = await api.get<RollbackOutcome>(`/rollback/${id}`);
    }
  } finally {
    release();
  }
  if (!outcome.finished) {
    out.info(`Rollback ${id} goes on`);
    command.exitCode = 130;
    return;
  }
  for (const name of outcome.irreversible) out.warn(`${name} cannot be undone`);
  for (const name of outcome.orphaned) out.warn(`${name} was left: what was built on it could not be undone`);
  if (out.machine || outcome.success) {
    await out.result(outcome, () => [
      `${out.style.mark('ok')} Rolled back: ${outcome.operations_executed} operations undone`,
    ]);
    if (!outcome.success) command.exitCode = 1;
    return;
  }
  throw new ProvisioningError({
    code: 'ROLLBACK_FAILED',
    message: [
      `Rollback failed: ${outcome.operations_executed} operations undone, ${outcome.operations_failed} not`,
      ...outcome.failed.map((one) => `  ${one.operation_id}: ${one.error}`),
    ].join('\n'),
    hint: 'Repair the cause and roll back again: what is undone already is not repeated',
  });
}
