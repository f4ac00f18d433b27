import { chmodSync, existsSync, statSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import {
  type Batch,
  encodeEvent,
  keptNothing,
  type JournalEntry,
  type Page,
  type RecordWrite,
  type Restoration,
  type Store,
  type StoredRecord,
  type WorkflowFilter,
  type WorkflowRow,
} from '../store.ts';
import { type SqlEvent, type SqlRecord, type SqlWorkflow, toEntry, toRecord, toWorkflow } from '../rows.ts';
import { schema, schemaVersion } from './schema.ts';

const withDefinition =
  'SELECT w.*, d.definition, d.submission FROM workflows w JOIN definitions d ON d.workflow = w.number';
/** Events read at a time when a workflow's journal is walked through. */
const eventPage = 5000;

/**
 * The embedded store: Node's own SQLite in WAL mode with `synchronous=FULL`, so that a committed batch survives a
 * power cut. Writes are synchronous on purpose: a batch takes about as long as one sync of the disk, and group commit
 * makes one batch of all that is pending.
 */
export class SqliteStore implements Store {
  readonly type = 'sqlite';
  readonly #path: string;
  readonly #readOnly: boolean;
  #database!: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /**
   * @param path of the database file; created with mode 0600
   * @param options `readOnly`: beside an orchestrator that works on it; nothing is written or created
   */
  constructor(path: string, options: { readonly readOnly?: boolean } = {}) {
    this.#path = path;
    this.#readOnly = options.readOnly ?? false;
  }

  open(): Promise<void> {
    const fresh = !existsSync(this.#path);
    if (fresh && this.#readOnly) {
      throw keptNothing(this.#path);
    }
    this.#database = new DatabaseSync(this.#path, { readOnly: this.#readOnly });
    if (fresh) chmodSync(this.#path, 0o600);
    const pragmas = this.#readOnly ? '' : 'PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;';
    this.#database.exec(`${pragmas} PRAGMA busy_timeout=5000;`);
    const { user_version: version } = this.#get<{ user_version: number }>('PRAGMA user_version')!;
    if (version > schemaVersion) {
      throw new ProvisioningError({
        code: 'STORE_TOO_NEW',
        kind: 'configuration',
        message: `store schema ${version} is newer than this orchestrator (${schemaVersion})`,
        hint: 'Install the version of the orchestrator that wrote it, or give another --data-dir',
      });
    }
    if (version === 0 && !this.#readOnly) {
      this.#database.exec(`BEGIN IMMEDIATE; ${schema} PRAGMA user_version=${schemaVersion}; COMMIT;`);
    }
    return Promise.resolve();
  }

  async append(batch: Batch): Promise<void> {
    this.#transaction(() => this.#write(batch));
  }

  async restore({ after, workflows, removed, entries = [], records }: Restoration): Promise<void> {
    this.#transaction(() => {
      this.#prepare('DELETE FROM events WHERE sequence>?').run(after);
      this.#delete(removed);
      this.#write({ entries, workflows, records });
    });
  }

  async clear(): Promise<void> {
    this.#transaction(() => {
      for (const table of ['workflows', 'definitions', 'events', 'records'])
        this.#database.exec(`DELETE FROM ${table}`);
    });
  }

  #transaction(work: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#database.exec('COMMIT');
    } catch (cause) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw cause;
    }
  }

  #delete(workflows: readonly number[]): void {
    for (const number of workflows) {
      this.#prepare('DELETE FROM events WHERE workflow=?').run(number);
      this.#prepare('DELETE FROM definitions WHERE workflow=?').run(number);
      this.#prepare('DELETE FROM workflows WHERE number=?').run(number);
    }
  }

  #write({ workflows, entries, records }: Batch): void {
    const putWorkflow = this.#prepare(`INSERT INTO workflows VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)
      ON CONFLICT (number) DO UPDATE SET status=excluded.status, phase=excluded.phase, started_at=excluded.started_at,
      completed_at=excluded.completed_at, updated_at=excluded.updated_at, summary=excluded.summary`);
    const putDefinition = this.#prepare('INSERT OR REPLACE INTO definitions VALUES (?,?,?)');
    for (const row of workflows) {
      putWorkflow.run(
        row.number,
        row.id,
        row.name,
        row.kind,
        row.status,
        row.phase,
        row.workspace,
        row.infra,
        row.createdBy,
        row.createdAt,
        row.startedAt,
        row.completedAt,
        row.updatedAt,
        row.summary,
      );
      if (row.definition !== undefined) putDefinition.run(row.number, row.definition, row.submission ?? '{}');
    }
    const putEvent = this.#prepare('INSERT OR IGNORE INTO events VALUES (?,?,?,?,?,?)');
    for (const { sequence, workflow, event } of entries) {
      const { op, data } = encodeEvent(event);
      putEvent.run(sequence, workflow, event.type, event.at, op, data);
    }
    for (const { kind, id, data, expiresAt } of records) {
      if (data === undefined) this.#prepare('DELETE FROM records WHERE kind=? AND id=?').run(kind, id);
      else
        this.#prepare('INSERT OR REPLACE INTO records VALUES (?,?,?,?)').run(
          kind,
          id,
          data,
          expiresAt ?? null,
        );
    }
  }

  async position(): Promise<{ sequence: number; workflow: number }> {
    return this.#get<{ sequence: number; workflow: number }>(
      'SELECT ifnull((SELECT max(sequence) FROM events), 0) sequence, ifnull((SELECT max(number) FROM workflows), 0) workflow',
    )!;
  }

  async workflow(id: string): Promise<WorkflowRow | undefined> {
    const row = this.#get<SqlWorkflow>(`${withDefinition} WHERE w.id=?`, id);
    return row && toWorkflow(row);
  }

  async workflowByNumber(number: number): Promise<WorkflowRow | undefined> {
    const row = this.#get<SqlWorkflow>(`${withDefinition} WHERE w.number=?`, number);
    return row && toWorkflow(row);
  }

  async workflows(filter: WorkflowFilter, page: Page): Promise<{ rows: WorkflowRow[]; total: number }> {
    const { where, values } = conditions(filter);
    const { total } = this.#get<{ total: number }>(
      `SELECT count(*) total FROM workflows ${where}`,
      ...values,
    )!;
    const order = page.descending ? 'DESC' : 'ASC';
    const rows = this.#all<SqlWorkflow>(
      `SELECT * FROM workflows ${where} ORDER BY number ${order} LIMIT ? OFFSET ?`,
      ...values,
      page.limit,
      page.offset,
    );
    return { rows: rows.map(toWorkflow), total };
  }

  async unfinished(): Promise<WorkflowRow[]> {
    const open = `w.status IN ('Pending', 'Running') OR w.phase = 'rolling_back'`;
    return this.#all<SqlWorkflow>(`${withDefinition} WHERE ${open} ORDER BY w.number`).map(toWorkflow);
  }

  async counts(since: number): Promise<{ status: string; kind: string; count: number }[]> {
    return this.#all(
      'SELECT status, kind, count(*) count FROM workflows WHERE created_at >= ? GROUP BY status, kind',
      since,
    );
  }

  async *events(workflow: number, after: number): AsyncGenerator<JournalEntry> {
    for (;;) {
      const sql = 'SELECT * FROM events WHERE workflow=? AND sequence>? ORDER BY sequence LIMIT ?';
      const rows = this.#all<SqlEvent>(sql, workflow, after, eventPage);
      for (const row of rows) yield toEntry(row);
      if (rows.length < eventPage) return;
      after = rows.at(-1)!.sequence;
    }
  }

  async journal(after: number, limit: number): Promise<JournalEntry[]> {
    const sql = 'SELECT * FROM events WHERE sequence>? ORDER BY sequence LIMIT ?';
    return this.#all<SqlEvent>(sql, after, limit).map(toEntry);
  }

  async workflowsAfter(after: number, limit: number): Promise<WorkflowRow[]> {
    const sql = `${withDefinition} WHERE w.number>? ORDER BY w.number LIMIT ?`;
    return this.#all<SqlWorkflow>(sql, after, limit).map(toWorkflow);
  }

  async allRecords(): Promise<RecordWrite[]> {
    return this.#all<SqlRecord>('SELECT * FROM records ORDER BY kind, id').map(toRecord);
  }

  async record(kind: string, id: string): Promise<string | undefined> {
    return this.#get<{ data: string }>('SELECT data FROM records WHERE kind=? AND id=?', kind, id)?.data;
  }

  async records(kind: string): Promise<StoredRecord[]> {
    return this.#all<StoredRecord>('SELECT id, data FROM records WHERE kind=? ORDER BY id', kind);
  }

  async remove(workflows: readonly number[], expiredBefore: number): Promise<void> {
    this.#transaction(() => {
      this.#delete(workflows);
      this.#prepare('DELETE FROM records WHERE expires_at < ?').run(expiredBefore);
    });
  }

  async size(): Promise<number> {
    return ['', '-wal'].reduce(
      (sum, suffix) => sum + (statSync(this.#path + suffix, { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
  }

  async ping(): Promise<void> {
    this.#get('SELECT 1');
  }

  async close(): Promise<void> {
    this.#statements.clear();
    this.#database.close();
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) this.#statements.set(sql, (statement = this.#database.prepare(sql)));
    return statement;
  }

  #get<T>(sql: string, ...values: SQLInputValue[]): T | undefined {
    return this.#prepare(sql).get(...values) as T | undefined;
  }

  #all<T>(sql: string, ...values: SQLInputValue[]): T[] {
    return this.#prepare(sql).all(...values) as T[];
  }
}

function conditions(filter: WorkflowFilter): { where: string; values: SQLInputValue[] } {
  const parts: string[] = [];
  const values: SQLInputValue[] = [];
  const add = (sql: string, ...list: SQLInputValue[]) => {
    parts.push(sql);
    values.push(...list);
  };
  const marks = (list: readonly string[]) => list.map(() => '?').join(',');
  if (filter.status) add(`status IN (${marks(filter.status)})`, ...filter.status);
  if (filter.kind) add(`kind IN (${marks(filter.kind)})`, ...filter.kind);
  if (filter.workspace !== undefined) add('workspace=?', filter.workspace);
  if (filter.infra !== undefined) add('infra=?', filter.infra);
  if (filter.createdBy !== undefined) add('created_by=?', filter.createdBy);
  if (filter.since !== undefined) add('created_at>=?', filter.since);
  if (filter.until !== undefined) add('created_at<=?', filter.until);
  for (const [key, value] of Object.entries(filter.labels ?? {}))
    add(`EXISTS (SELECT 1 FROM json_each(summary, '$.labels') l WHERE l.key=? AND l.value=?)`, key, value);
  return { where: parts.length === 0 ? '' : `WHERE ${parts.join(' AND ')}`, values };
}
