import { createHash } from 'node:crypto';
import type { Store, WorkflowRow } from '../journal/store.ts';

const page = 200;

/**
 * Compares workflows of two stores: presence, name, status and, by a hash, everything else with every event.
 * @param only numbers of the workflows to compare; absent: all
 * @returns what differs, by the number of the workflow
 */
export async function compareWorkflows(
  source: Store,
  copy: Store,
  only?: ReadonlySet<number>,
): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  if (only) {
    for (const number of only) {
      const row = await source.workflowByNumber(number);
      if (row) await compareOne(source, copy, row, found);
      else if (await copy.workflowByNumber(number)) found.set(number, `Unknown workflow: ${number}`);
    }
    return found;
  }
  for (let after = 0; ;) {
    const rows = await source.workflowsAfter(after, page);
    for (const row of rows) await compareOne(source, copy, row, found);
    if (rows.length < page) return found;
    after = rows.at(-1)!.number;
  }
}

/** Compares what is countable, and every record. */
export async function compareTotals(source: Store, copy: Store): Promise<string[]> {
  const errors: string[] = [];
  const count = async (store: Store) => (await store.counts(0)).reduce((sum, row) => sum + row.count, 0);
  if ((await count(source)) !== (await count(copy))) errors.push('Workflow count mismatch');
  const [ours, theirs] = [await source.position(), await copy.position()];
  if (ours.sequence !== theirs.sequence) errors.push('Event count mismatch');
  const [left, right] = [await records(source), await records(copy)];
  if (left.size !== right.size) errors.push('Record count mismatch');
  for (const [key, data] of left) {
    if (!right.has(key)) errors.push(`Missing record: ${key}`);
    else if (right.get(key) !== data) errors.push(`Content mismatch for record ${key}`);
  }
  return errors;
}

async function compareOne(
  source: Store,
  copy: Store,
  row: WorkflowRow,
  found: Map<number, string>,
): Promise<void> {
  const { number, id } = row;
  const other = await copy.workflowByNumber(number);
  if (!other || other.id !== id) found.set(number, `Missing workflow: ${id}`);
  else if (other.name !== row.name) found.set(number, `Name mismatch for workflow ${id}`);
  else if (other.status !== row.status) found.set(number, `Status mismatch for workflow ${id}`);
  else if ((await hash(source, row)) !== (await hash(copy, other)))
    found.set(number, `Content mismatch for workflow ${id}`);
}

async function hash(store: Store, row: WorkflowRow): Promise<string> {
  const sum = createHash('sha256').update(JSON.stringify(sorted(row)));
  for await (const { sequence, event } of store.events(row.number, 0))
    sum.update(`${sequence}${JSON.stringify(sorted(event))}`);
  return sum.digest('base64');
}

function sorted(value: object): [string, unknown][] {
  return Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Records of the migration itself are not part of what is copied. */
export const markKind = 'migration';

async function records(store: Store): Promise<Map<string, string>> {
  const all = (await store.allRecords()).filter(({ kind }) => kind !== markKind);
  return new Map(all.map(({ kind, id, data, expiresAt }) => [`${kind}/${id}`, `${expiresAt ?? ''} ${data}`]));
}
