import type { Sql } from 'postgres';
import { parameter } from '../../journal/postgres/array.ts';
import type { WorkflowEvent } from '../../engine/events.ts';
import { toEntry, type SqlEvent } from '../../journal/rows.ts';
import type { Job, Message } from './messages.ts';

export interface Letter {
  readonly id: string;
  readonly token: string;
  readonly message: Message;
}

/**
 * Leases and results in the store that orchestrator and workers share. A lease says who works on an attempt; a result
 * is durable here before the orchestrator takes it into the journal.
 */
export class Mailbox {
  readonly #sql: () => Sql;

  readonly #leaseSeconds: number;

  constructor(sql: () => Sql, leaseSeconds: number) {
    this.#sql = sql;
    this.#leaseSeconds = leaseSeconds;
  }

  /**
   * Takes attempts that nobody has, whose worker has gone silent, or that were given to this worker.
   * @returns the tokens that were got, and whether nobody had them before
   */
  async claim(tokens: readonly string[], worker: string): Promise<Map<string, boolean>> {
    const rows = await this.#run<{ token: string; fresh: boolean }>(
      `INSERT INTO leases (token, worker, done, expires_at)
       SELECT token, $2, false, now() + interval '${this.#leaseSeconds} seconds' FROM unnest($1::text[]) AS asked(token)
       ON CONFLICT (token) DO UPDATE SET worker = excluded.worker, expires_at = excluded.expires_at
       WHERE NOT leases.done AND (leases.expires_at < now() OR leases.worker = excluded.worker)
       RETURNING token, xmax = 0 AS fresh`,
      [[...new Set(tokens)].sort(), worker],
    );
    return new Map(rows.map(({ token, fresh }) => [token, fresh]));
  }

  /** @returns the tokens that the worker still holds */
  async renew(tokens: readonly string[], worker: string): Promise<Set<string>> {
    const rows = await this.#run<{ token: string }>(
      `UPDATE leases SET expires_at = now() + interval '${this.#leaseSeconds} seconds'
       WHERE token = ANY($1::text[]) AND worker = $2 AND NOT done RETURNING token`,
      [tokens, worker],
    );
    return new Set(rows.map(({ token }) => token));
  }

  /** Gives attempts back at once: their worker stops. */
  async giveBack(tokens: readonly string[], worker: string): Promise<void> {
    // The row stays: who takes the attempt next must know that it may have steps.
    await this.#run(
      `UPDATE leases SET expires_at = now() WHERE token = ANY($1::text[]) AND worker = $2 AND NOT done`,
      [tokens, worker],
    );
  }

  /**
   * Puts results into the inbox, all or none, and closes the leases of finished attempts. What comes from a worker
   * that has lost its lease is left out.
   */
  async put(messages: readonly Message[], worker: string): Promise<void> {
    await this.#run(
      `WITH mine AS (
         SELECT token FROM leases WHERE token = ANY($1::text[]) AND worker = $4 AND NOT done FOR UPDATE
       ), closed AS (
         UPDATE leases SET done = true WHERE token IN (SELECT token FROM mine) AND token = ANY($3::text[])
       )
       INSERT INTO inbox (token, data)
       SELECT m.token, m.data FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS m(token, data, n)
       WHERE m.token IN (SELECT token FROM mine) ORDER BY m.n`,
      [
        messages.map(({ job }) => job.token),
        messages.map((message) => JSON.stringify(message)),
        messages.filter(({ kind }) => kind === 'done').map(({ job }) => job.token),
        worker,
      ],
    );
  }

  /** Results in the order in which they were put. */
  async take(limit: number): Promise<Letter[]> {
    const rows = await this.#run<{ id: string; token: string; data: string }>(
      `SELECT id::text, token, data FROM inbox ORDER BY id LIMIT ${limit}`,
    );
    return rows.map(({ id, token, data }) => ({ id, token, message: JSON.parse(data) as Message }));
  }

  /**
   * Forgets leases of attempts that ended long ago. Until then they stay: a job that Redis hands out twice must find that
   * its attempt is over. What was given to a worker and cancelled before it began stays longer.
   */
  async purge(): Promise<void> {
    await this.#run(
      `DELETE FROM leases WHERE expires_at < now() - interval '1 hour'
       AND (done OR expires_at < now() - interval '30 days')`,
    );
  }

  /** Of these attempts, those that somebody works on or has finished, with the share of the lease that is left. */
  async held(tokens: readonly string[]): Promise<Map<string, number>> {
    const rows = await this.#run<{ token: string; left: number }>(
      `SELECT token, CASE WHEN done THEN 1
         ELSE extract(epoch FROM expires_at - now())::float8 / ${this.#leaseSeconds} END AS left
       FROM leases WHERE token = ANY($1::text[]) AND (done OR expires_at >= now())`,
      [tokens],
    );
    return new Map(rows.map(({ token, left }) => [token, left]));
  }

  /** Journalled steps of an operation, and those of this attempt that are still in the inbox. */
  async steps({ number, op, token }: Job): Promise<Map<string, unknown>> {
    const [events, letters] = await Promise.all([
      this.#run<SqlEvent>(
        `SELECT * FROM events WHERE workflow = $1 AND (op = $2 AND type = ANY($3::text[]) OR type = 'WorkflowResumed')
         ORDER BY sequence`,
        [number, op, ['StepCompleted', 'CompensationCompleted', 'CompensationFailed']],
      ),
      this.#run<{ data: string }>('SELECT data FROM inbox WHERE token = $1 ORDER BY id', [token]),
    ]);
    const steps = finishedSteps(
      events.map((row) => toEntry(row).event),
      op,
    );
    for (const { data } of letters) {
      const message = JSON.parse(data) as Message;
      if (message.kind === 'step') steps.set(message.step, message.result);
    }
    return steps;
  }

  /** What an operation returned, for its compensation. */
  async output(workflow: number, op: number): Promise<unknown> {
    const [row] = await this.#run<SqlEvent>(
      `SELECT * FROM events WHERE workflow = $1 AND op = $2 AND type = 'OperationCompleted' ORDER BY sequence DESC LIMIT 1`,
      [workflow, op],
    );
    const event = row && toEntry(row).event;
    return event?.type === 'OperationCompleted' ? event.output : undefined;
  }

  async #run<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.#sql().unsafe(text, values.map(parameter) as never[], {
      prepare: true,
    })) as unknown as Row[];
  }
}

/** Steps that an operation need not do again: those before it was undone, or ordered anew, do not count (12 §8). */
function finishedSteps(events: readonly WorkflowEvent[], op: number): Map<string, unknown> {
  const steps = new Map<string, unknown>();
  let undone = false;
  for (const event of events) {
    if (event.type === 'StepCompleted') steps.set(event.step, event.result);
    else if (event.type === 'WorkflowResumed') {
      if (undone || event.again?.includes(op)) steps.clear();
      undone = false;
    } else undone = true;
  }
  return steps;
}
