import { ProvisioningError } from '@provisioning/extensions-sdk';
import { parseTaskId } from '../engine/identifiers.ts';
import { openStore } from '../journal/open.ts';
import type { Store } from '../journal/store.ts';
import { storeInForce } from '../migration/marker.ts';
import { load } from '../runtime/live.ts';
import { planDefaultsOf } from '../program/executor.ts';
import type { ServiceOptions } from '../program/start.ts';
import { operationRecord, operationTask, rootTask, workflowRecord } from '../views/records.ts';
import { listRecord } from '../views/rows.ts';
import type { OfflineCommand } from './command.ts';

const statuses = ['Pending', 'Running', 'Completed', 'Failed', 'Cancelled'] as const;

/** `{workflow}` or `{task}` → its record, read from the store beside or without an orchestrator. */
export const show: OfflineCommand = ({ workflow, task }, options) =>
  reading(options, async (store) => {
    const { workflow: id, operation } = parseTaskId(String(workflow ?? task));
    const row = await store.workflow(id);
    if (!row) throw notFound(workflow === undefined ? `Task not found: ${id}` : `Workflow not found: ${id}`);
    const { state, facts } = await load(store, row, planDefaultsOf(options.settings));
    if (task === undefined) {
      const operations = state.operations.map((own) => operationRecord(state, own));
      return { ...workflowRecord(state, facts), operations };
    }
    if (operation === undefined) return rootTask(state, facts);
    const own = state.operations[operation];
    if (!own) throw notFound(`Task not found: ${String(task)}`);
    return operationTask(state, own, facts);
  });

interface ListRequest {
  readonly status?: readonly string[];
  readonly kind?: string;
  readonly infra?: string;
  readonly limit?: number;
}

/** `{status, kind, infra, limit}` → the workflows, newest first, and how many stand in each status. */
export const list: OfflineCommand = (request, options) =>
  reading(options, async (store) => {
    const { status, kind, infra, limit = 50 } = request as ListRequest;
    const wanted = status?.map((name) => name.toLowerCase());
    const filter = {
      ...(wanted && { status: statuses.filter((name) => wanted.includes(name.toLowerCase())) }),
      ...(kind === undefined ? {} : { kind: [kind] }),
      ...(infra === undefined ? {} : { infra }),
    };
    const { rows } = await store.workflows(filter, { limit, offset: 0, descending: true });
    const counts: Record<string, number> = {};
    for (const { status: name, count } of await store.counts(0)) counts[name] = (counts[name] ?? 0) + count;
    return { counts, workflows: rows.map(listRecord) };
  });

/** The store in force, whichever it is, opened to look at only. */
async function reading<T>(
  { settings, origins = {} }: ServiceOptions,
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const type = storeInForce(settings, origins);
  const inForce = { ...settings, storage: { ...settings.storage, type } };
  const store = await openStore(inForce, { readOnly: true });
  await store.open();
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

function notFound(message: string): ProvisioningError {
  return new ProvisioningError({ code: 'NOT_FOUND', kind: 'not-found', message });
}
