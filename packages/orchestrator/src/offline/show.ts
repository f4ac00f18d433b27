import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { parseTaskId } from '../engine/identifiers.ts';
import { SqliteStore } from '../journal/sqlite/store.ts';
import { load } from '../runtime/live.ts';
import { planDefaultsOf } from '../service/executor.ts';
import { operationRecord, operationTask, rootTask, workflowRecord } from '../views/records.ts';
import type { OfflineCommand } from './run.ts';

/** `{workflow}` or `{task}` → its record, read from the store beside or without an orchestrator. */
export const show: OfflineCommand = async ({ workflow, task }, { settings }) => {
  const { workflow: id, operation } = parseTaskId(String(workflow ?? task));
  const store = new SqliteStore(join(settings.paths.data_dir, 'orchestrator.db'), { readOnly: true });
  await store.open();
  try {
    const row = await store.workflow(id);
    if (!row) throw notFound(workflow === undefined ? `Task not found: ${id}` : `Workflow not found: ${id}`);
    const { state, facts } = await load(store, row, planDefaultsOf(settings));
    if (task === undefined) {
      const operations = state.operations.map((own) => operationRecord(state, own));
      return { ...workflowRecord(state, facts), operations };
    }
    if (operation === undefined) return rootTask(state, facts);
    const own = state.operations[operation];
    if (!own) throw notFound(`Task not found: ${String(task)}`);
    return operationTask(state, own, facts);
  } finally {
    await store.close();
  }
};

function notFound(message: string): ProvisioningError {
  return new ProvisioningError({ code: 'NOT_FOUND', kind: 'not-found', message });
}
