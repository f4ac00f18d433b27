import type { Sql } from 'postgres';
import { parameter } from '../../journal/postgres/array.ts';
import type { JournalEntry } from '../../journal/store.ts';
import { toEntry, type SqlEvent } from '../../journal/rows.ts';
import type { Message } from './messages.ts';

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

  /** Takes attempts that nobody has, or whose worker has gone silent. @returns the tokens that were got */
  async claim(tokens: readonly string[], worker: string): Promise<Set<string>> {
    const rows = await this.#run<{ token: string }>(
      `INSERT INTO leases (token, worker, done, expires_at)
       SELECT token, $2, false, now() + interval '${this.#leaseSeconds} seconds' FROM unnest($1::text[]) AS asked(token)
       ON CONFLICT (token) DO UPDATE SET worker = excluded.worker, expires_at = excluded.expires_at
       WHERE NOT leases.done AND leases.expires_at < now()
       RETURNING token`,
      [[...new Set(tokens)].sort(), worker],
    );
    return new Set(rows.map(({ token }) => token));
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
    await this.#run('DELETE FROM leases WHERE token = ANY($1::text[]) AND worker = $2 AND NOT done', [
      tokens,
      worker,
    ]);
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

  /** Forgets results that are in the journal. */
  async drop(ids: readonly string[]): Promise<void> {
    await this.#run('DELETE FROM inbox WHERE id = ANY($1::bigint[])', [ids]);
  }

  /**
   * Forgets leases of attempts that ended long ago. Until then they stay: a job that Redis hands out twice must find that
   * its attempt is over.
   */
  async purge(): Promise<void> {
    await this.#run(`DELETE FROM leases WHERE done AND expires_at < now() - interval '1 hour'`);
  }

  /** Of these attempts, those that somebody works on or has finished. */
  async held(tokens: readonly string[]): Promise<Set<string>> {
    const rows = await this.#run<{ token: string }>(
      'SELECT token FROM leases WHERE token = ANY($1::text[]) AND (done OR expires_at >= now())',
      [tokens],
    );
    return new Set(rows.map(({ token }) => token));
  }

  /** Journalled steps of an operation, and those of this attempt that are still in the inbox. */
  async steps(workflow: number, op: number, token: string): Promise<Map<string, unknown>> {
    const [events, letters] = await Promise.all([
      this.#run<SqlEvent>(
        `SELECT * FROM events WHERE workflow = $1 AND op = $2 AND type = 'StepCompleted' ORDER BY sequence`,
        [workflow, op],
      ),
      this.#run<{ data: string }>('SELECT data FROM inbox WHERE token = $1 ORDER BY id', [token]),
    ]);
    const steps = new Map<string, unknown>();
    for (const { event } of events.map(toEntry) as JournalEntry[]) {
      if (event.type === 'StepCompleted') steps.set(event.step, event.result);
    }
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
