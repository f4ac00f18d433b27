import type { StoreChange } from '../journal/switch-store.ts';
import type { Batch, Store } from '../journal/store.ts';

const workflowPage = 200;
const eventPage = 5000;
const recordPage = 1000;

export interface CopyOptions {
  /** Told of what could not be copied. */
  readonly onFailed: (kind: string, id: string, reason: string) => void;
  readonly signal?: AbortSignal;
}

/** Copies everything that a store holds into an empty one. A copy of what is written meanwhile may be torn: see `replay`. */
export async function copyStore(from: Store, to: Store, { onFailed, signal }: CopyOptions): Promise<void> {
  for (let after = 0; ;) {
    signal?.throwIfAborted();
    const workflows = await from.workflowsAfter(after, workflowPage);
    await inParts(to, { entries: [], workflows, records: [] }, (row) =>
      onFailed('workflow', row.id, row.reason),
    );
    if (workflows.length < workflowPage) break;
    after = workflows.at(-1)!.number;
  }
  for (let after = 0; ;) {
    signal?.throwIfAborted();
    const entries = await from.journal(after, eventPage);
    await inParts(to, { entries, workflows: [], records: [] }, (row) =>
      onFailed('event', row.id, row.reason),
    );
    if (entries.length < eventPage) break;
    after = entries.at(-1)!.sequence;
  }
  const records = await from.allRecords();
  for (let start = 0; start < records.length; start += recordPage) {
    const part = { entries: [], workflows: [], records: records.slice(start, start + recordPage) };
    await inParts(to, part, (row) => onFailed('record', row.id, row.reason));
  }
}

/** Brings a copy up to date with what happened to its source since. */
export async function replay(changes: readonly StoreChange[], to: Store): Promise<void> {
  for (const change of changes) {
    if (change.kind === 'append') await to.append(change.batch);
    else await to.remove(change.workflows, change.expiredBefore);
  }
}

/** Writes a batch; where that fails, one by one, so that the one thing that cannot be written is named. */
async function inParts(
  to: Store,
  batch: Batch,
  onFailed: (row: { readonly id: string; readonly reason: string }) => void,
): Promise<void> {
  const { workflows, entries, records } = batch;
  if (workflows.length + entries.length + records.length === 0) return;
  try {
    await to.append(batch);
    return;
  } catch {
    // Below it shows which of them it is.
  }
  const single = async (id: string, one: Partial<Batch>) => {
    try {
      await to.append({ workflows: [], entries: [], records: [], ...one });
    } catch (error) {
      onFailed({ id, reason: (error as Error).message });
    }
  };
  for (const row of workflows) await single(row.id, { workflows: [row] });
  for (const entry of entries) await single(String(entry.sequence), { entries: [entry] });
  for (const record of records) await single(`${record.kind}/${record.id}`, { records: [record] });
}
