import type { TaskLogs } from '../logs/task-logs.ts';
import type { Store } from '../journal/store.ts';
import type { Rollbacks } from '../rollback/rollbacks.ts';

export interface RetentionOptions {
  /** Days after which records of completed workflows are deleted; 0 keeps them for ever. */
  readonly completedDays: number;
  /** The same for failed and cancelled ones. */
  readonly failedDays: number;
  /** Days after which the log of a finished workflow is deleted, if its record is still there; 0 keeps it as long. */
  readonly eventsDays?: number;
  /** Days after which system checkpoints that were made by themselves are deleted; 0 keeps them for ever. */
  readonly checkpointDays: number;
}

const day = 24 * 60 * 60 * 1000;
const interval = 60 * 60 * 1000;
/** Workflows deleted in one transaction. */
const page = 200;

/** Deletes what is older than its retention: finished workflows with journal and log, logs alone, checkpoints, expired records (12 §14). */
export class Retention {
  readonly #store: Store;
  readonly #logs: TaskLogs;
  readonly #rollbacks: Rollbacks;
  readonly #options: RetentionOptions;
  readonly #onError: (error: Error) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    store: Store,
    logs: TaskLogs,
    rollbacks: Rollbacks,
    options: RetentionOptions,
    onError: (error: Error) => void,
  ) {
    this.#store = store;
    this.#logs = logs;
    this.#rollbacks = rollbacks;
    this.#options = options;
    this.#onError = onError;
  }

  start(): void {
    this.#timer = setInterval(() => void this.sweep(Date.now()).catch(this.#onError), interval).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** @returns how many workflows were deleted */
  async sweep(now: number): Promise<number> {
    const { completedDays, failedDays, checkpointDays } = this.#options;
    const completed = await this.#delete(['Completed'], completedDays, now);
    await this.#deleteLogs(now);
    const failed = await this.#delete(['Failed', 'Cancelled'], failedDays, now);
    if (checkpointDays > 0) await this.#rollbacks.deleteAutomatic(now - checkpointDays * day);
    await this.#store.remove([], now);
    return completed + failed;
  }

  async #deleteLogs(now: number): Promise<void> {
    const { eventsDays = 0 } = this.#options;
    if (eventsDays === 0) return;
    const filter = { status: ['Completed', 'Failed', 'Cancelled'], until: now - eventsDays * day };
    for (let offset = 0; ; offset += page) {
      const { rows } = await this.#store.workflows(filter, { limit: page, offset, descending: false });
      await this.#logs.remove(rows.map(({ id }) => id));
      if (rows.length < page) return;
    }
  }

  async #delete(status: readonly string[], days: number, now: number): Promise<number> {
    if (days === 0) return 0;
    let deleted = 0;
    for (;;) {
      const filter = { status, until: now - days * day };
      const { rows } = await this.#store.workflows(filter, { limit: page, offset: 0, descending: false });
      // A rollback of a failed workflow may still be under way.
      const resting = rows.filter(({ phase }) => phase !== 'rolling_back');
      if (resting.length === 0) return deleted;
      await this.#store.remove(
        resting.map(({ number }) => number),
        now,
      );
      await this.#logs.remove(resting.map(({ id }) => id));
      deleted += resting.length;
    }
  }
}
