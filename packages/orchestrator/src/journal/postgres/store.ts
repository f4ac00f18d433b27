import { ProvisioningError } from '@provisioning/extensions-sdk';
import postgres, { type Sql } from 'postgres';
import { type SqlEvent, type SqlRecord, type SqlWorkflow, toEntry, toRecord, toWorkflow } from '../rows.ts';
import {
  keptNothing,
  type Batch,
  type JournalEntry,
  type Page,
  type RecordWrite,
  type Restoration,
  type Store,
  type StoredRecord,
  type WorkflowFilter,
  type WorkflowRow,
} from '../store.ts';
import { parameter } from './array.ts';
import { appendBatch, appendValues, schema, schemaVersion } from './schema.ts';

const withDefinition =
  'SELECT w.*, d.definition, d.submission FROM workflows w JOIN definitions d ON d.workflow = w.number';
const eventPage = 5000;
/** Advisory lock that the one orchestrator of a database holds. */
const leaderLock = 7_308_514_661;

export interface PostgresStoreOptions {
  readonly url: string;
  /** Only one orchestrator writes a database; workers and tools read beside it. Default true. */
  readonly exclusive?: boolean;
  /** To look at it only: no table is made. Default false. */
  readonly readOnly?: boolean;
}

/** The store for several machines. A batch is one statement: one round trip, one synchronous commit. */
export class PostgresStore implements Store {
  readonly type = 'postgres';
  readonly #options: PostgresStoreOptions;
  #sql!: Sql;
  #lock: Sql | undefined;
  #closing = false;

  constructor(options: PostgresStoreOptions) {
    this.#options = options;
  }

  /** The connections, for the tables of workers beside the journal. */
  get sql(): Sql {
    return this.#sql;
  }

  async open(): Promise<void> {
    const { url, exclusive = true, readOnly = false } = this.#options;
    const quiet = {
      onnotice: () => undefined,
      connect_timeout: 10,
      fetch_types: false,
      connection: { synchronous_commit: 'on' },
    } as const;
    this.#sql = postgres(url, { ...quiet, max: 6 });
    try {
      if (exclusive) {
        this.#lock = postgres(url, {
          ...quiet,
          max: 1,
          idle_timeout: 0,
          max_lifetime: null,
          onclose: () => this.#relead(),
        });
        await this.#lead(this.#lock);
      }
      if (readOnly) await this.#requireTables();
      else await this.#migrate();
    } catch (error) {
      await this.#lock?.end({ timeout: 1 });
      await this.#sql.end({ timeout: 1 });
      throw error instanceof ProvisioningError ? error : unavailable(error as Error);
    }
  }

  async append(batch: Batch): Promise<void> {
    await this.#run(appendBatch, appendValues(batch));
  }

  async restore({ after, workflows, removed, entries = [], records }: Restoration): Promise<void> {
    await this.#sql.begin(async (transaction) => {
      const run = (text: string, values: readonly unknown[]) =>
        transaction.unsafe(text, values.map(parameter) as never[]);
      await run('DELETE FROM events WHERE sequence > $1 OR workflow = ANY($2::bigint[])', [after, removed]);
      await run('DELETE FROM definitions WHERE workflow = ANY($1::bigint[])', [removed]);
      await run('DELETE FROM workflows WHERE number = ANY($1::bigint[])', [removed]);
      await run(appendBatch, appendValues({ entries, workflows, records }));
    });
  }

  async clear(): Promise<void> {
    await this.#run('TRUNCATE workflows, definitions, events, records, leases, inbox');
  }

  async position(): Promise<{ sequence: number; workflow: number }> {
    const [row] = await this.#run<{ sequence: string; workflow: string }>(
      'SELECT coalesce((SELECT max(sequence) FROM events), 0) sequence, coalesce((SELECT max(number) FROM workflows), 0) workflow',
    );
    return { sequence: Number(row!.sequence), workflow: Number(row!.workflow) };
  }

  async workflow(id: string): Promise<WorkflowRow | undefined> {
    const [row] = await this.#run<SqlWorkflow>(`${withDefinition} WHERE w.id = $1`, [id]);
    return row && toWorkflow(row);
  }

  async workflowByNumber(number: number): Promise<WorkflowRow | undefined> {
    const [row] = await this.#run<SqlWorkflow>(`${withDefinition} WHERE w.number = $1`, [number]);
    return row && toWorkflow(row);
  }

  async workflows(filter: WorkflowFilter, page: Page): Promise<{ rows: WorkflowRow[]; total: number }> {
    const { where, values } = conditions(filter);
    const [counted] = await this.#run<{ total: string }>(
      `SELECT count(*) total FROM workflows ${where}`,
      values,
    );
    const rows = await this.#run<SqlWorkflow>(
      `SELECT * FROM workflows ${where} ORDER BY number ${page.descending ? 'DESC' : 'ASC'} LIMIT ${page.limit} OFFSET ${page.offset}`,
      values,
    );
    return { rows: rows.map(toWorkflow), total: Number(counted!.total) };
  }

  async unfinished(): Promise<WorkflowRow[]> {
    const open = `w.status IN ('Pending', 'Running') OR w.phase = 'rolling_back'`;
    return (await this.#run<SqlWorkflow>(`${withDefinition} WHERE ${open} ORDER BY w.number`)).map(
      toWorkflow,
    );
  }

  async counts(since: number): Promise<{ status: string; kind: string; count: number }[]> {
    return this.#run(
      'SELECT status, kind, count(*)::int count FROM workflows WHERE created_at >= $1 GROUP BY status, kind',
      [since],
    );
  }

  async *events(workflow: number, after: number): AsyncGenerator<JournalEntry> {
    for (;;) {
      const rows = await this.#run<SqlEvent>(
        `SELECT * FROM events WHERE workflow = $1 AND sequence > $2 ORDER BY sequence LIMIT ${eventPage}`,
        [workflow, after],
      );
      for (const row of rows) yield toEntry(row);
      if (rows.length < eventPage) return;
      after = Number(rows.at(-1)!.sequence);
    }
  }

  async journal(after: number, limit: number): Promise<JournalEntry[]> {
    const rows = await this.#run<SqlEvent>(
      `SELECT * FROM events WHERE sequence > $1 ORDER BY sequence LIMIT ${Math.trunc(limit)}`,
      [after],
    );
    return rows.map(toEntry);
  }

  async workflowsAfter(after: number, limit: number): Promise<WorkflowRow[]> {
    const rows = await this.#run<SqlWorkflow>(
      `${withDefinition} WHERE w.number > $1 ORDER BY w.number LIMIT ${Math.trunc(limit)}`,
      [after],
    );
    return rows.map(toWorkflow);
  }

  async allRecords(): Promise<RecordWrite[]> {
    return (
      await this.#run<SqlRecord>('SELECT * FROM records ORDER BY kind COLLATE "C", id COLLATE "C"')
    ).map(toRecord);
  }

  async record(kind: string, id: string): Promise<string | undefined> {
    const [row] = await this.#run<{ data: string }>('SELECT data FROM records WHERE kind = $1 AND id = $2', [
      kind,
      id,
    ]);
    return row?.data;
  }

  async records(kind: string): Promise<StoredRecord[]> {
    return this.#run<StoredRecord>('SELECT id, data FROM records WHERE kind = $1 ORDER BY id', [kind]);
  }

  async remove(workflows: readonly number[], expiredBefore: number): Promise<void> {
    await this.#run(
      `WITH e AS (DELETE FROM events WHERE workflow = ANY($1::bigint[])),
        d AS (DELETE FROM definitions WHERE workflow = ANY($1::bigint[])),
        r AS (DELETE FROM records WHERE expires_at < $2)
      DELETE FROM workflows WHERE number = ANY($1::bigint[])`,
      [workflows, expiredBefore],
    );
  }

  async size(): Promise<number> {
    const [row] = await this.#run<{ bytes: string }>('SELECT pg_database_size(current_database()) bytes');
    return Number(row!.bytes);
  }

  async ping(): Promise<void> {
    await this.#run('SELECT 1');
  }

  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all([this.#sql.end({ timeout: 5 }), this.#lock?.end({ timeout: 5 })]);
  }

  async #run<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.#sql.unsafe(text, values.map(parameter) as never[], {
      prepare: true,
    })) as unknown as Row[];
  }

  async #lead(lock: Sql): Promise<void> {
    // After a crash the server may need a moment to notice that the old holder's connection is gone.
    for (let attempt = 0; ; attempt++) {
      const [row] = await lock.unsafe<{ held: boolean }[]>(`SELECT pg_try_advisory_lock(${leaderLock}) held`);
      if (row?.held) return;
      if (attempt >= 20) break;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    throw new ProvisioningError({
      code: 'ALREADY_RUNNING',
      kind: 'conflict',
      message: 'Another orchestrator is working on this database',
      hint: 'Stop it first, or give this one another database with --postgres-url',
    });
  }

  /** The server was restarted, and with it the lock is gone: it is taken again as soon as the server answers. */
  #relead(): void {
    if (this.#closing || !this.#lock) return;
    const lock = this.#lock;
    setTimeout(() => {
      if (!this.#closing) void this.#lead(lock).catch(() => this.#relead());
    }, 500).unref();
  }

  async #requireTables(): Promise<void> {
    if ((await this.#version()) > 0) return this.#requireKnownVersion();
    throw keptNothing('the table provisioning_meta of its PostgreSQL database');
  }

  async #migrate(): Promise<void> {
    // Asking for an index that is there already waits for who writes the table, and makes later writes wait.
    if ((await this.#version()) === schemaVersion) return;
    // Orchestrator and workers may start together; one of them makes the tables.
    await this.#sql.begin(async (transaction) => {
      await transaction.unsafe(`SELECT pg_advisory_xact_lock(${leaderLock + 1})`);
      await transaction.unsafe(schema);
    });
    await this.#requireKnownVersion();
    await this.#run(
      `INSERT INTO provisioning_meta VALUES ('schema', $1) ON CONFLICT (key) DO UPDATE SET value = $1`,
      [String(schemaVersion)],
    );
  }

  /** Version of the tables there are, 0 where there are none. */
  async #version(): Promise<number> {
    const [table] = await this.#run<{ made: boolean }>(
      `SELECT to_regclass('provisioning_meta') IS NOT NULL made`,
    );
    if (table?.made !== true) return 0;
    const [row] = await this.#run<{ value: string }>(
      `SELECT value FROM provisioning_meta WHERE key = 'schema'`,
    );
    return Number(row?.value ?? 0);
  }

  async #requireKnownVersion(): Promise<void> {
    const version = await this.#version();
    if (version > schemaVersion) {
      throw new ProvisioningError({
        code: 'STORE_TOO_NEW',
        kind: 'configuration',
        message: `store schema ${version} is newer than this orchestrator (${schemaVersion})`,
      });
    }
  }
}

function conditions(filter: WorkflowFilter): { where: string; values: unknown[] } {
  const parts: string[] = [];
  const values: unknown[] = [];
  const add = (text: string, value: unknown) => {
    values.push(value);
    parts.push(text.replace('?', `$${values.length}`));
  };
  if (filter.status) add('status = ANY(?::text[])', filter.status);
  if (filter.kind) add('kind = ANY(?::text[])', filter.kind);
  if (filter.workspace !== undefined) add('workspace = ?', filter.workspace);
  if (filter.infra !== undefined) add('infra = ?', filter.infra);
  if (filter.createdBy !== undefined) add('created_by = ?', filter.createdBy);
  if (filter.since !== undefined) add('created_at >= ?', filter.since);
  if (filter.until !== undefined) add('created_at <= ?', filter.until);
  if (filter.labels) add(`summary::jsonb->'labels' @> ?::text::jsonb`, JSON.stringify(filter.labels));
  return { where: parts.length === 0 ? '' : `WHERE ${parts.join(' AND ')}`, values };
}

function unavailable(cause: Error): ProvisioningError {
  return new ProvisioningError({
    code: 'STORAGE_UNAVAILABLE',
    kind: 'unavailable',
    message: `PostgreSQL cannot be used: ${cause.message}`,
    hint: 'Check storage.postgres.url and that the server runs',
    retryable: true,
    cause,
  });
}
