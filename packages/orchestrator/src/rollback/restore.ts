import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { WorkflowDefinition } from '@provisioning/client';
import { apply } from '../engine/apply.ts';
import { compile, type PlanDefaults } from '../engine/plan.ts';
import { initialState } from '../engine/state.ts';
import { type Journal, sequenceFloor } from '../journal/journal.ts';
import { SqliteStore } from '../journal/sqlite/store.ts';
import type { RecordWrite, Restoration, Store, WorkflowRow } from '../journal/store.ts';
import { copyStore } from '../migration/copy.ts';
import { interrupt } from '../recovery/recover.ts';
import { load, newLive, rowOf } from '../runtime/live.ts';
import type { Runtime } from '../runtime/runtime.ts';

/** A named position of the journal (12 §8). */
export interface Checkpoint {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly created_at: string;
  readonly size: string;
  readonly size_bytes: number;
  readonly operations_count: number;
  readonly sequence: number;
  /** A copy of everything, for a checkpoint whose position the journal does not have any more. */
  readonly file?: string;
}

export interface RestoreParts {
  readonly store: Store;
  readonly journal: Journal;
  readonly runtime: Runtime;
  readonly defaults: PlanDefaults;
  /** Folder for the copies of what a restore takes away. */
  readonly folder: string;
}

const eventPage = 5000;

/**
 * Puts the orchestrator's records back to a checkpoint; no resource is touched (12 §9 "Restore"). What is taken away is
 * kept as a checkpoint of its own. A workflow that was under way then is under way again, but paused: a person decides
 * whether it goes on.
 * @param keep makes the automatic checkpoint; gets the file of its copy
 * @throws ProvisioningError `INVALID_STATE` while workflows run
 */
export async function restoreCheckpoint(
  parts: RestoreParts,
  checkpoint: Checkpoint,
  keep: (file: string) => Promise<void>,
): Promise<void> {
  const { store, journal, runtime } = parts;
  await runtime.alone(async () => {
    if (runtime.active > 0) {
      throw new ProvisioningError({
        code: 'INVALID_STATE',
        kind: 'conflict',
        message: `Checkpoint ${checkpoint.id} cannot be restored while ${runtime.active} workflows run`,
        hint: 'Wait for them, or cancel them',
      });
    }
    await keep(await copyOf(parts));
    await journal.flush();
    const restoration = await (checkpoint.file === undefined
      ? upTo(parts, checkpoint.sequence)
      : fromFile(store, checkpoint.file));
    await store.restore({
      ...restoration,
      records: [...restoration.records, sequenceFloor(journal.sequence)],
    });
    for (const row of await store.unfinished()) {
      // A rollback goes on at the next start; here nothing may touch a resource.
      if (row.phase === 'rolling_back') continue;
      const live = await load(store, row, parts.defaults);
      runtime.adopt(live);
      if (!live.state.paused) runtime.append(live, { type: 'WorkflowPaused', at: Date.now() });
      interrupt(live, runtime);
    }
    await journal.flush();
  });
}

/** Everything as it is now, in a file. */
async function copyOf({ store, folder, journal }: RestoreParts): Promise<string> {
  await journal.flush();
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `restore-${journal.sequence}-${Date.now()}.db`);
  const copy = new SqliteStore(file);
  await copy.open();
  try {
    await copyStore(store, copy, {
      onFailed: (kind, id, reason) => {
        throw new Error(`${kind} ${id} could not be kept: ${reason}`);
      },
    });
  } finally {
    await copy.close();
  }
  return file;
}

/** The journal up to a position: workflows are folded again, those that began later go. */
async function upTo({ store, defaults }: RestoreParts, sequence: number): Promise<Restoration> {
  const changed = new Set<number>();
  for (let after = sequence; ;) {
    const entries = await store.journal(after, eventPage);
    for (const { workflow } of entries) changed.add(workflow);
    if (entries.length < eventPage) break;
    after = entries.at(-1)!.sequence;
  }
  const workflows: WorkflowRow[] = [];
  const removed: number[] = [];
  const gone = new Set<string>();
  for (const number of changed) {
    const row = await store.workflowByNumber(number);
    if (!row) continue;
    const then = await rowAt(store, row, sequence, defaults);
    if (then) workflows.push(then);
    else {
      removed.push(number);
      gone.add(row.id);
    }
  }
  return { after: sequence, workflows, removed, records: await obsolete(store, sequence, gone) };
}

async function rowAt(
  store: Store,
  row: WorkflowRow,
  sequence: number,
  defaults: PlanDefaults,
): Promise<WorkflowRow | undefined> {
  const state = initialState(compile(row.id, JSON.parse(row.definition!) as WorkflowDefinition, defaults));
  let events = 0;
  for await (const entry of store.events(row.number, 0)) {
    if (entry.sequence > sequence) break;
    apply(state, entry.event, () => undefined);
    events++;
  }
  if (events === 0) return undefined;
  return rowOf(newLive(row.number, state, JSON.parse(row.submission!) as Parameters<typeof newLive>[2]));
}

/** Records about what does not exist any more: answers to submissions, rollbacks, later checkpoints without a copy. */
async function obsolete(store: Store, sequence: number, gone: ReadonlySet<string>): Promise<RecordWrite[]> {
  const writes: RecordWrite[] = [];
  const drop = async (kind: string, isOver: (record: Record<string, unknown>) => boolean) => {
    for (const { id, data } of await store.records(kind)) {
      if (isOver(JSON.parse(data) as Record<string, unknown>)) writes.push({ kind, id, data: undefined });
    }
  };
  await drop('idempotency', ({ workflow }) => gone.has(String(workflow)));
  await drop('rollback', ({ workflows }) => (workflows as string[]).every((id) => gone.has(id)));
  await drop('checkpoint', (record) => Number(record['sequence']) > sequence && record['file'] === undefined);
  return writes;
}

async function fromFile(store: Store, file: string): Promise<Restoration> {
  const copy = new SqliteStore(file);
  await copy.open();
  try {
    const workflows: WorkflowRow[] = [];
    for (let after = 0; ;) {
      const rows = await copy.workflowsAfter(after, 500);
      workflows.push(...rows);
      if (rows.length < 500) break;
      after = rows.at(-1)!.number;
    }
    const removed: number[] = [];
    for (let after = 0; ;) {
      const rows = await store.workflowsAfter(after, 500);
      removed.push(...rows.map(({ number }) => number));
      if (rows.length < 500) break;
      after = rows.at(-1)!.number;
    }
    const { sequence } = await copy.position();
    const entries = await copy.journal(0, sequence);
    const records = await copy.allRecords();
    const kept = new Set(records.map(({ kind, id }) => `${kind}/${id}`));
    const over = (await store.allRecords()).filter(
      ({ kind, id }) => kind !== 'checkpoint' && !kept.has(`${kind}/${id}`),
    );
    return {
      after: 0,
      workflows,
      removed,
      entries,
      records: [...over.map(({ kind, id }) => ({ kind, id, data: undefined })), ...records],
    };
  } finally {
    await copy.close();
  }
}
