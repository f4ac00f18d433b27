import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { WorkflowEvent } from '../engine/events.ts';
import type { WorkflowState } from '../engine/state.ts';
import type { Journal } from '../journal/journal.ts';
import type { Store } from '../journal/store.ts';
import type { Live } from '../runtime/live.ts';
import type { Workflows } from '../service/workflows.ts';
import { type Checkpoint, restoreCheckpoint, type RestoreParts } from './restore.ts';

export interface Selection {
  readonly checkpoint_id?: string;
  readonly operation_ids?: readonly string[];
  readonly workflow_id?: string;
  readonly include_dependents?: boolean;
  readonly cancel_running?: boolean;
  readonly check_mode?: boolean;
}

export interface RollbackResult {
  readonly rollback_id?: string;
  readonly success: boolean;
  readonly finished: boolean;
  readonly operations_executed: number;
  readonly operations_failed: number;
  /** Seconds. */
  readonly duration: number;
  readonly failed: readonly { operation_id: string; error: string; resource?: string }[];
  readonly irreversible: readonly string[];
  readonly orphaned: readonly string[];
  /** With `check_mode`: the order in which it would go. */
  readonly order?: readonly string[];
}

interface RollbackRecord {
  readonly workflows: readonly string[];
  readonly started_at: number;
  readonly success?: boolean;
  readonly duration?: number;
}

/** How the names of checkpoints begin that the service makes by itself (12 §8). */
const automatic = 'auto:';

/** Named checkpoints, and rollbacks by checkpoint, workflow or operations (12 §9, 13 §5). */
export class Rollbacks {
  readonly #workflows: Workflows;
  readonly #store: Store;
  readonly #journal: Journal;
  readonly #restore: Omit<RestoreParts, 'store' | 'journal'>;

  constructor(
    workflows: Workflows,
    store: Store,
    journal: Journal,
    restore: Omit<RestoreParts, 'store' | 'journal'>,
  ) {
    this.#workflows = workflows;
    this.#store = store;
    this.#journal = journal;
    this.#restore = restore;
  }

  /** Keeps, beside the journal, which workflow a rollback belongs to and how it ended. */
  readonly onEvent = ({ state }: Live, event: WorkflowEvent): void => {
    if (event.type !== 'RollbackStarted' && event.type !== 'WorkflowRolledBack') return;
    const { id, startedAt } = state.rollback!;
    const record: RollbackRecord = {
      workflows: [state.plan.id],
      started_at: startedAt,
      ...(event.type === 'WorkflowRolledBack'
        ? { success: event.success, duration: (event.at - startedAt) / 1000 }
        : {}),
    };
    this.#journal.record({ kind: 'rollback', id, data: JSON.stringify(record) });
  };

  async createCheckpoint(name: string, description = '', file?: string): Promise<string> {
    const [size, counts] = await Promise.all([this.#store.size(), this.#store.counts(0)]);
    const checkpoint: Checkpoint = {
      id: randomUUID(),
      name,
      description,
      created_at: new Date().toISOString(),
      size: humanSize(size),
      size_bytes: size,
      operations_count: counts.reduce((sum, { count }) => sum + count, 0),
      sequence: this.#journal.sequence,
      ...(file === undefined ? {} : { file }),
    };
    this.#journal.record({ kind: 'checkpoint', id: checkpoint.id, data: JSON.stringify(checkpoint) });
    await this.#journal.flush();
    return checkpoint.id;
  }

  async checkpoints(): Promise<Checkpoint[]> {
    const records = await this.#store.records('checkpoint');
    const all = records.map(({ data }) => JSON.parse(data) as Checkpoint);
    return all.sort((a, b) => a.sequence - b.sequence || (a.created_at < b.created_at ? -1 : 1));
  }

  async checkpoint(id: string): Promise<Checkpoint> {
    const data = await this.#store.record('checkpoint', id);
    if (data !== undefined) return JSON.parse(data) as Checkpoint;
    throw notFound(`Checkpoint not found: ${id}`);
  }

  async deleteCheckpoint(id: string): Promise<void> {
    const { file } = await this.checkpoint(id);
    if (file !== undefined) await rm(file, { force: true });
    this.#journal.record({ kind: 'checkpoint', id, data: undefined });
    await this.#journal.flush();
  }

  /** Deletes those that were not asked for and are older than this time. */
  async deleteAutomatic(before: number): Promise<void> {
    for (const { id, name, created_at } of await this.checkpoints()) {
      if (name.startsWith(automatic) && Date.parse(created_at) < before) await this.deleteCheckpoint(id);
    }
  }

  /** Puts the records back to a checkpoint (12 §9 "Restore"). @throws ProvisioningError `NOT_FOUND`, `INVALID_STATE` */
  async restore(id: string): Promise<void> {
    const checkpoint = await this.checkpoint(id);
    const parts = { ...this.#restore, store: this.#store, journal: this.#journal };
    await restoreCheckpoint(parts, checkpoint, async (file) => {
      const time = new Date().toISOString();
      await this.createCheckpoint(
        `${automatic}restore:${time}`,
        `Before the restore of '${checkpoint.name}'`,
        file,
      );
    });
    this.#workflows.forget();
  }

  /** Starts what is selected. @throws ProvisioningError `VALIDATION_FAILED`, `CONFLICT`, `INVALID_STATE` */
  async execute(selection: Selection): Promise<RollbackResult> {
    const { checkpoint_id, operation_ids, workflow_id } = selection;
    if (checkpoint_id !== undefined && (operation_ids !== undefined || workflow_id !== undefined)) {
      throw invalid('Select either checkpoint_id, or operation_ids, or workflow_id');
    }
    if (checkpoint_id !== undefined)
      return this.#executeCheckpoint(await this.checkpoint(checkpoint_id), selection);
    if (operation_ids === undefined && workflow_id === undefined) {
      throw invalid('Select what to undo: checkpoint_id, operation_ids or workflow_id');
    }
    const id = workflow_id ?? (await this.#ownerOf(operation_ids!));
    if (selection.cancel_running) await this.#cancel(id);
    const started = await this.#workflows.rollback(id, {
      operations: operation_ids,
      includeDependents: selection.include_dependents,
      check: selection.check_mode,
    });
    if (started.rollback_id === undefined)
      return nothing(started.irreversible, selection.check_mode ? started.order : undefined);
    return this.get(started.rollback_id);
  }

  /** Result or progress. @throws ProvisioningError `NOT_FOUND` */
  async get(id: string): Promise<RollbackResult> {
    const data = await this.#store.record('rollback', id);
    if (data === undefined) throw notFound(`Rollback not found: ${id}`);
    const record = JSON.parse(data) as RollbackRecord;
    const results = await Promise.all(
      record.workflows.map(async (workflow) => resultOf((await this.#workflows.live(workflow)).state, id)),
    );
    return merge(id, results);
  }

  /** The result, waited for at most `limit` ms. */
  async wait(id: string, limit: number): Promise<RollbackResult> {
    const until = Date.now() + limit;
    for (;;) {
      const result = await this.get(id);
      if (result.finished || Date.now() >= until) return result;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  async statistics() {
    const [checkpoints, rollbacks] = await Promise.all([
      this.#store.records('checkpoint'),
      this.#store.records('rollback'),
    ]);
    const ended = rollbacks
      .map(({ data }) => JSON.parse(data) as RollbackRecord)
      .filter(({ success }) => success !== undefined);
    const seconds = ended.reduce((sum, { duration }) => sum + (duration ?? 0), 0);
    return {
      total_checkpoints: checkpoints.length,
      total_rollbacks: rollbacks.length,
      success_rate: ended.length === 0 ? 1 : ended.filter(({ success }) => success).length / ended.length,
      average_rollback_time: ended.length === 0 ? 0 : seconds / ended.length,
    };
  }

  /** Everything done after the checkpoint, newest workflow first, one after the other (12 §9). */
  async #executeCheckpoint(checkpoint: Checkpoint, selection: Selection): Promise<RollbackResult> {
    const since = Date.parse(checkpoint.created_at);
    const { records } = await this.#workflows.list({}, { limit: 1000, offset: 0, descending: true });
    const touched = records.filter(({ updated_at }) => Date.parse(updated_at) > since);
    const results: RollbackResult[] = [];
    for (const { id } of touched) {
      if (selection.cancel_running) await this.#cancel(id);
      const { state } = await this.#workflows.live(id);
      const after = state.operations.filter(({ completedAt }) => (completedAt ?? 0) > since);
      if (after.length === 0) continue;
      const started = await this.#workflows.rollback(id, {
        operations: after.map(({ plan }) => plan.id),
        check: selection.check_mode,
      });
      if (started.rollback_id === undefined) results.push(nothing(started.irreversible, started.order));
      else results.push(await this.wait(started.rollback_id, Infinity));
    }
    return merge(results.find(({ rollback_id }) => rollback_id !== undefined)?.rollback_id, results);
  }

  async #cancel(id: string): Promise<void> {
    const { status } = (await this.#workflows.live(id)).state;
    if (status !== 'Pending' && status !== 'Running') return;
    await this.#workflows.cancel(id, { reason: 'rollback' });
    await this.#workflows.ended(id);
  }

  /** The one workflow that has these operations; `<workflow>/<op>` names it. */
  async #ownerOf(operations: readonly string[]): Promise<string> {
    const [first] = operations;
    if (first === undefined) throw invalid('operation_ids is empty');
    if (first.includes('/')) return first.slice(0, first.indexOf('/'));
    const { records } = await this.#workflows.list({}, { limit: 1000, offset: 0, descending: true });
    const owners: string[] = [];
    for (const { id } of records) {
      const { state } = await this.#workflows.live(id);
      const has = state.operations.find(({ plan }) => plan.id === first);
      if (has && has.attempt > 0 && has.compensation !== 'done') owners.push(id);
    }
    if (owners.length === 1) return owners[0]!;
    if (owners.length === 0) throw notFound(`Operation not found: ${first}`);
    throw new ProvisioningError({
      code: 'CONFLICT',
      kind: 'conflict',
      message: `Ambiguous operation id '${first}': it is in ${owners.length} workflows`,
      hint: 'Write <workflow id>/<operation>, or add workflow_id',
    });
  }
}

function resultOf(state: WorkflowState, id: string): RollbackResult {
  const rollback = state.rollback;
  if (!rollback || rollback.id !== id) return nothing([]);
  const failed = state.operations.filter(({ compensation }) => compensation === 'failed');
  return {
    rollback_id: id,
    finished: rollback.completedAt !== undefined,
    success: rollback.completedAt !== undefined && rollback.success === true,
    operations_executed: rollback.done,
    operations_failed: rollback.failed,
    duration: ((rollback.completedAt ?? Date.now()) - rollback.startedAt) / 1000,
    failed: failed.map(({ plan, compensationError }) => ({
      operation_id: plan.id,
      error: compensationError?.message ?? '',
      resource: plan.resources[0],
    })),
    irreversible: rollback.irreversible.map((op) => state.plan.operations[op]!.id),
    orphaned: state.operations
      .filter(({ compensation }) => compensation === 'untouched')
      .map(({ plan }) => plan.id),
  };
}

function nothing(irreversible: readonly string[], order?: readonly string[]): RollbackResult {
  return {
    success: true,
    finished: true,
    operations_executed: 0,
    operations_failed: 0,
    duration: 0,
    failed: [],
    irreversible,
    orphaned: [],
    ...(order === undefined ? {} : { order }),
  };
}

function merge(id: string | undefined, results: readonly RollbackResult[]): RollbackResult {
  const sum = (of: (result: RollbackResult) => number) =>
    results.reduce((total, result) => total + of(result), 0);
  const order = results.flatMap((result) => result.order ?? []);
  return {
    rollback_id: id,
    success: results.every(({ success }) => success),
    finished: results.every(({ finished }) => finished),
    operations_executed: sum(({ operations_executed }) => operations_executed),
    operations_failed: sum(({ operations_failed }) => operations_failed),
    duration: sum(({ duration }) => duration),
    failed: results.flatMap(({ failed }) => failed),
    irreversible: results.flatMap(({ irreversible }) => irreversible),
    orphaned: results.flatMap(({ orphaned }) => orphaned),
    ...(order.length === 0 ? {} : { order }),
  };
}

export function humanSize(bytes: number): string {
  return bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)}KB` : `${Math.round(bytes / 1024 / 1024)}MB`;
}

function notFound(message: string): ProvisioningError {
  return new ProvisioningError({ code: 'NOT_FOUND', kind: 'not-found', message });
}

function invalid(message: string): ProvisioningError {
  return new ProvisioningError({ code: 'VALIDATION_FAILED', kind: 'usage', message });
}
