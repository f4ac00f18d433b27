import type { Schedule, ScheduleRequest, WorkflowDefinition } from '@provisioning/client';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Journal } from '../journal/journal.ts';
import type { RecordWrite, Store } from '../journal/store.ts';
import type { SubmissionFacts } from '../views/records.ts';
import { nextTime } from './cron.ts';

export interface SchedulesParts {
  readonly store: Pick<Store, 'records'>;
  readonly journal: () => Pick<Journal, 'record' | 'flush'>;
  readonly submit: (
    definition: WorkflowDefinition,
    facts: SubmissionFacts,
    records: (id: string) => readonly RecordWrite[],
  ) => Promise<string>;
  /** Whether a workflow has not ended. */
  readonly isActive: (workflow: string) => boolean;
  readonly onWarning: (message: string) => void;
  /** The wall clock, which is what schedules go by. */
  readonly now?: () => number;
  /** Milliseconds between looks at the clock: it may jump, and a time-out may come late. Default 1000. */
  readonly interval?: number;
}

const kind = 'schedule';
/** Milliseconds until a run that was refused is tried again. */
const retryAfter = 5000;

/**
 * Workflows at the times of cron expressions. A run and the note that it has been submitted become durable together, so
 * that no crash submits one twice. Times that passed while the orchestrator was away are made up for by one run.
 */
export class Schedules {
  readonly #parts: SchedulesParts;
  readonly #now: () => number;
  readonly #all = new Map<string, Schedule>();
  /** Runs that were refused, by schedule: not before then. */
  readonly #later = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(parts: SchedulesParts) {
    this.#parts = parts;
    this.#now = parts.now ?? Date.now;
  }

  async start(): Promise<void> {
    for (const { id, data } of await this.#parts.store.records(kind)) {
      this.#all.set(id, JSON.parse(data) as Schedule);
    }
    this.#timer = setInterval(() => void this.look(), this.#parts.interval ?? 1000).unref();
    await this.look();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  list(): Schedule[] {
    return [...this.#all.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** @throws ProvisioningError `NOT_FOUND` */
  get(name: string): Schedule {
    const found = this.#all.get(name);
    if (found) return found;
    throw new ProvisioningError({
      code: 'NOT_FOUND',
      kind: 'not-found',
      message: `Schedule not found: ${name}`,
      hint: 'Show them: provisioning workflow schedule list',
    });
  }

  /**
   * Makes a schedule, or replaces the one of that name; what it has run stays counted. Durable when it resolves.
   * @throws ProvisioningError `SCHEDULE_INVALID`
   */
  async put(name: string, request: ScheduleRequest, user: string): Promise<Schedule> {
    const { cron, timezone = 'UTC', overlap = 'skip', paused = false, workflow } = request;
    const now = this.#now();
    const before = this.#all.get(name);
    const next = nextTime(cron, timezone, now);
    return this.#keep({
      runs: 0,
      skipped: 0,
      created_at: new Date(now).toISOString(),
      ...before,
      ...{ name, cron, timezone, overlap, paused, workflow, created_by: user },
      ...nextRun(paused ? undefined : next),
      error: undefined,
    });
  }

  /** What passes while it rests is not made up for. */
  async pause(name: string, paused: boolean): Promise<Schedule> {
    const schedule = this.get(name);
    const next = paused ? undefined : nextTime(schedule.cron, schedule.timezone, this.#now());
    return this.#keep({ ...schedule, paused, ...nextRun(next) });
  }

  async remove(name: string): Promise<void> {
    this.get(name);
    this.#all.delete(name);
    this.#later.delete(name);
    this.#parts.journal().record({ kind, id: name, data: undefined });
    await this.#parts.journal().flush();
  }

  /** Submits what is due; the timer does the same. */
  look(): Promise<void> {
    return (this.#looking ??= this.#look().finally(() => (this.#looking = undefined)));
  }

  async #look(): Promise<void> {
    for (const { name } of this.list()) {
      const schedule = this.#all.get(name);
      if (!schedule || schedule.paused || schedule.next_run === undefined) continue;
      const now = this.#now();
      const due = Date.parse(schedule.next_run);
      if (due > now || (this.#later.get(name) ?? 0) > now) continue;
      await this.#run(schedule, due, now).catch((error: Error) => this.#refused(name, error, now));
    }
  }

  async #run(schedule: Schedule, due: number, now: number): Promise<void> {
    const { name, cron, timezone, overlap, last_workflow_id: last } = schedule;
    const next = nextRun(nextTime(cron, timezone, Math.max(due, now)));
    if (overlap === 'skip' && last !== undefined && this.#parts.isActive(last)) {
      await this.#keep({ ...schedule, ...next, skipped: schedule.skipped + 1 });
      return;
    }
    const at = new Date(due).toISOString();
    const facts = {
      createdBy: schedule.created_by,
      requestId: `schedule/${name}`,
      idempotencyKey: `schedule/${name}/${at}`,
    };
    await this.#parts.submit(schedule.workflow, facts, (id) => {
      const after: Schedule = {
        ...schedule,
        ...next,
        last_run: at,
        last_workflow_id: id,
        runs: schedule.runs + 1,
        error: undefined,
      };
      this.#all.set(name, after);
      return [{ kind, id: name, data: JSON.stringify(after) }];
    });
    this.#later.delete(name);
  }

  #refused(name: string, error: Error, now: number): void {
    this.#parts.onWarning(`schedule ${name}: ${error.message}`);
    this.#later.set(name, now + retryAfter);
    const schedule = this.#all.get(name);
    if (schedule) this.#all.set(name, { ...schedule, error: error.message });
  }

  async #keep(schedule: Schedule): Promise<Schedule> {
    this.#all.set(schedule.name, schedule);
    this.#parts.journal().record({ kind, id: schedule.name, data: JSON.stringify(schedule) });
    await this.#parts.journal().flush();
    return schedule;
  }
}

function nextRun(time: number | undefined): { readonly next_run: string | undefined } {
  return { next_run: time === undefined ? undefined : new Date(time).toISOString() };
}
