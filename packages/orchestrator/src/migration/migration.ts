import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Store } from '../journal/store.ts';
import type { SwitchStore } from '../journal/switch-store.ts';
import { copyStore, replay } from './copy.ts';
import { compareTotals, compareWorkflows, markKind } from './verify.ts';

export type MigrationPhase = 'readiness' | 'backup' | 'copy' | 'verify' | 'switch' | 'completed';

export interface MigrationOptions {
  /** The store in force; with a daemon that works on it, or alone. */
  readonly store: SwitchStore;
  /** Opened already. */
  readonly target: Store;
  readonly verify?: boolean;
  /** Makes the new store the one that the next start opens; durable when it resolves. */
  readonly persist: () => Promise<void>;
  readonly onPhase?: (phase: MigrationPhase, message: string) => void | Promise<void>;
  readonly onWarning?: (message: string) => void;
  /** Milliseconds for which submissions may wait at the switch. Default 5000. */
  readonly pause?: number;
  readonly now?: () => number;
}

export interface MigrationResult {
  readonly from: Store['type'];
  readonly to: Store['type'];
  readonly status: 'completed';
  readonly migrated_at: string;
  readonly workflows: number;
  readonly warnings: readonly string[];
}

/** How often the switch is tried before the migration is given up. */
const attempts = 10;

/**
 * Moves a running installation to another store (12 §10): a snapshot, then what happened since, compared, then the switch
 * while writers wait for a moment. Until the switch the old store is in force, and it stays as it is.
 * @throws ProvisioningError `MIGRATION_VERIFICATION_FAILED`, `MIGRATION_TARGET_NOT_EMPTY`, `MIGRATION_NOT_SETTLED`
 */
export async function migrate(options: MigrationOptions): Promise<MigrationResult> {
  const { store, target, persist, now = Date.now } = options;
  const from = store.type;
  const say = async (phase: MigrationPhase, message: string) => options.onPhase?.(phase, message);
  const warnings: string[] = [];
  await takeTarget(target, from, now());
  store.follow();
  try {
    await say('copy', `Migrating from ${from} to ${target.type}...`);
    await copyStore(store.current, target, {
      onFailed: (kind, id, reason) => {
        const message = `Warning: Failed to migrate ${kind} ${id}: ${reason}`;
        warnings.push(message);
        options.onWarning?.(message);
      },
    });
    await replay(store.changes(), target);
    await say('verify', 'Verifying the copy...');
    if (options.verify ?? true) await verifySettled(store, target);
    await say('switch', `Switching to ${target.type}...`);
    await exchange(options, target, persist);
  } catch (error) {
    store.unfollow();
    throw error;
  }
  const workflows = (await store.counts(0)).reduce((sum, { count }) => sum + count, 0);
  await say('completed', `Migration from ${from} to ${target.type} completed successfully`);
  const migrated_at = new Date(now()).toISOString();
  return { from, to: target.type, status: 'completed', migrated_at, workflows, warnings };
}

/** Empties a target that an interrupted migration left; any other content is refused. */
async function takeTarget(target: Store, from: string, at: number): Promise<void> {
  const position = await target.position();
  const empty =
    position.sequence === 0 && position.workflow === 0 && (await target.allRecords()).length === 0;
  if (!empty) {
    if ((await target.record(markKind, 'unfinished')) === undefined) {
      throw new ProvisioningError({
        code: 'MIGRATION_TARGET_NOT_EMPTY',
        kind: 'conflict',
        message: `target is not empty: the ${target.type} store holds other records`,
        hint: 'Give an empty database, or empty this one',
      });
    }
    await target.clear();
  }
  const mark = { kind: markKind, id: 'unfinished', data: JSON.stringify({ from, started_at: at }) };
  await target.append({ entries: [], workflows: [], records: [mark] });
}

/** Compares everything. What work goes on with meanwhile is compared at the switch. */
async function verifySettled(store: SwitchStore, target: Store): Promise<void> {
  const differing = await compareWorkflows(store.current, target);
  const moving = await catchUp(store, target);
  const errors = [...differing].filter(([number]) => !moving.has(number)).map(([, error]) => error);
  refuse(errors);
}

/** @returns numbers of the workflows that were written to */
async function catchUp(store: SwitchStore, target: Store): Promise<Set<number>> {
  const changes = store.changes();
  await replay(changes, target);
  const touched = new Set<number>();
  for (const change of changes) {
    if (change.kind === 'remove') change.workflows.forEach((number) => touched.add(number));
    else {
      change.batch.entries.forEach(({ workflow }) => touched.add(workflow));
      change.batch.workflows.forEach(({ number }) => touched.add(number));
    }
  }
  return touched;
}

async function exchange(
  { store, verify = true, pause = 5000 }: MigrationOptions,
  target: Store,
  persist: () => Promise<void>,
): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    // Most of what came meanwhile is brought over before writers have to wait.
    const before = await catchUp(store, target);
    const done = await store.exchange(target, pause, async (commit) => {
      const touched = new Set([...before, ...(await catchUp(store, target))]);
      if (verify) {
        const differing = await compareWorkflows(store.current, target, touched);
        refuse([...differing.values(), ...(await compareTotals(store.current, target))]);
      }
      if (!commit()) return;
      const unmark = { kind: markKind, id: 'unfinished', data: undefined };
      await target.append({ entries: [], workflows: [], records: [unmark] });
      await persist();
    });
    if (done) return;
  }
  throw new ProvisioningError({
    code: 'MIGRATION_NOT_SETTLED',
    kind: 'unavailable',
    message: `The last changes could not be brought over within ${pause} ms, ${attempts} times`,
    hint: 'Try again when less work is running; the old store stays in force',
    retryable: true,
  });
}

function refuse(errors: readonly string[]): void {
  if (errors.length === 0) return;
  throw new ProvisioningError({
    code: 'MIGRATION_VERIFICATION_FAILED',
    message: `Migration verification failed: ${errors.slice(0, 20).join(', ')}`,
    hint: 'Restore from backup and retry migration; the old store stays in force',
    details: errors.map((message) => ({ path: '', message })),
  });
}
