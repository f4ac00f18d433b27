import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { lastWrites } from '../rows.ts';
import {
  type Batch,
  decodeEvent,
  encodeEvent,
  type JournalEntry,
  type Page,
  type RecordWrite,
  type Restoration,
  type Store,
  type StoredRecord,
  type WorkflowFilter,
  type WorkflowRow,
} from '../store.ts';
import { connectSurreal, type SurrealConnection, type SurrealPlace } from './connection.ts';
import { appendBatch, clearAll, removeBatch, restoreBatch, schema, schemaVersion } from './schema.ts';

export interface SurrealStoreOptions {
  readonly type: 'surrealdb-embedded' | 'surrealdb-server';
  readonly place: SurrealPlace;
  /** Folder of an embedded database, for its size. */
  readonly folder?: string;
}

type SurrealWorkflow = Omit<WorkflowRow, 'id' | 'definition' | 'submission'> & { readonly uuid: string };
interface SurrealEvent {
  readonly sequence: number;
  readonly workflow: number;
  readonly type: string;
  readonly at: number;
  readonly op?: number | null;
  readonly data?: string | null;
}
interface SurrealRecord {
  readonly kind: string;
  readonly key: string;
  readonly data: string;
  readonly expires_at?: number;
}

const eventPage = 5000;
const fields =
  'number, uuid, name, kind, status, phase, workspace, infra, createdBy, createdAt, startedAt, completedAt, updatedAt, summary';

/**
 * SurrealDB, in a folder of its own (SurrealKV, every commit synced) or on a server. A batch is one transaction. The
 * packages `surrealdb` and `@surrealdb/node` are optional; without them `open` says how to get them.
 */
export class SurrealStore implements Store {
  readonly type: SurrealStoreOptions['type'];
  readonly #options: SurrealStoreOptions;
  #connection!: SurrealConnection;

  constructor(options: SurrealStoreOptions) {
    this.type = options.type;
    this.#options = options;
  }

  async open(): Promise<void> {
    this.#connection = await connectSurreal(this.#options.place, this.type);
    await this.#connection.query(schema);
    const [version] = await this.#rows<{ version: number }>('SELECT version FROM meta:schema');
    if (version !== undefined && version.version > schemaVersion) {
      throw new ProvisioningError({
        code: 'STORE_TOO_NEW',
        kind: 'configuration',
        message: `store schema ${version.version} is newer than this orchestrator (${schemaVersion})`,
      });
    }
    await this.#connection.query('UPSERT meta:schema SET version = $version', { version: schemaVersion });
  }

  async append(batch: Batch): Promise<void> {
    await this.#connection.query(appendBatch, valuesOf(batch));
  }

  async restore({ after, removed, workflows, entries = [], records }: Restoration): Promise<void> {
    await this.#connection.query(restoreBatch, {
      after,
      removed,
      ...valuesOf({ workflows, entries, records }),
    });
  }

  async clear(): Promise<void> {
    await this.#connection.query(clearAll);
  }

  async position(): Promise<{ sequence: number; workflow: number }> {
    const [events, workflows] = (await this.#connection.query(
      'SELECT VALUE sequence FROM events ORDER BY sequence DESC LIMIT 1; SELECT VALUE number FROM workflows ORDER BY number DESC LIMIT 1',
    )) as [number[], number[]];
    return { sequence: events[0] ?? 0, workflow: workflows[0] ?? 0 };
  }

  async workflow(id: string): Promise<WorkflowRow | undefined> {
    return (await this.#defined('WHERE uuid = $id', { id }))[0];
  }

  async workflowByNumber(number: number): Promise<WorkflowRow | undefined> {
    return (await this.#defined('WHERE number = $number', { number }))[0];
  }

  async workflows(filter: WorkflowFilter, page: Page): Promise<{ rows: WorkflowRow[]; total: number }> {
    const { where, values } = conditions(filter);
    const [counted, rows] = (await this.#connection.query(
      `SELECT count() FROM workflows ${where} GROUP ALL;
       SELECT ${fields} FROM workflows ${where} ORDER BY number ${page.descending ? 'DESC' : 'ASC'} LIMIT $limit START $offset`,
      { ...values, limit: page.limit, offset: page.offset },
    )) as [{ count: number }[], SurrealWorkflow[]];
    return { rows: rows.map((row) => toRow(row)), total: counted[0]?.count ?? 0 };
  }

  unfinished(): Promise<WorkflowRow[]> {
    return this.#defined(`WHERE status IN ['Pending', 'Running'] OR phase = 'rolling_back' ORDER BY number`);
  }

  counts(since: number): Promise<{ status: string; kind: string; count: number }[]> {
    return this.#rows(
      'SELECT status, kind, count() FROM workflows WHERE createdAt >= $since GROUP BY status, kind',
      { since },
    );
  }

  async *events(workflow: number, after: number): AsyncGenerator<JournalEntry> {
    for (;;) {
      const rows = await this.#rows<SurrealEvent>(
        `SELECT * OMIT id FROM events WHERE workflow = $workflow AND sequence > $after ORDER BY sequence LIMIT ${eventPage}`,
        { workflow, after },
      );
      for (const row of rows) yield toEntry(row);
      if (rows.length < eventPage) return;
      after = rows.at(-1)!.sequence;
    }
  }

  async journal(after: number, limit: number): Promise<JournalEntry[]> {
    const rows = await this.#rows<SurrealEvent>(
      'SELECT * OMIT id FROM events WHERE sequence > $after ORDER BY sequence LIMIT $limit',
      { after, limit },
    );
    return rows.map(toEntry);
  }

  workflowsAfter(after: number, limit: number): Promise<WorkflowRow[]> {
    return this.#defined('WHERE number > $after ORDER BY number LIMIT $limit', { after, limit });
  }

  async record(kind: string, id: string): Promise<string | undefined> {
    const rows = await this.#rows<{ data: string }>(
      `SELECT data FROM type::record('records', [$kind, $id])`,
      {
        kind,
        id,
      },
    );
    return rows[0]?.data;
  }

  async records(kind: string): Promise<StoredRecord[]> {
    const rows = await this.#rows<SurrealRecord>(
      'SELECT key, data FROM records WHERE kind = $kind ORDER BY key',
      { kind },
    );
    return rows.map(({ key, data }) => ({ id: key, data }));
  }

  async allRecords(): Promise<RecordWrite[]> {
    const rows = await this.#rows<SurrealRecord>('SELECT * OMIT id FROM records ORDER BY kind, key');
    return rows.map(({ kind, key, data, expires_at: expires }) => ({
      kind,
      id: key,
      data,
      ...(expires === undefined ? {} : { expiresAt: expires }),
    }));
  }

  async remove(workflows: readonly number[], expiredBefore: number): Promise<void> {
    await this.#connection.query(removeBatch, { removed: workflows, expired: expiredBefore });
  }

  async size(): Promise<number> {
    const { folder } = this.#options;
    if (folder === undefined) return 0;
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    return names.reduce(
      (sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
  }

  async ping(): Promise<void> {
    await this.#connection.query('RETURN 1');
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  async #defined(rest: string, values: Readonly<Record<string, unknown>> = {}): Promise<WorkflowRow[]> {
    const rows = await this.#rows<SurrealWorkflow>(`SELECT ${fields} FROM workflows ${rest}`, values);
    if (rows.length === 0) return [];
    const definitions = await this.#rows<{ number: number; definition: string; submission: string }>(
      `SELECT * OMIT id FROM $numbers.map(|$number| type::record('definitions', $number))`,
      { numbers: rows.map(({ number }) => number) },
    );
    const byNumber = new Map(definitions.map((definition) => [definition.number, definition]));
    return rows.map((row) => toRow(row, byNumber.get(row.number)));
  }

  async #rows<Row>(text: string, values: Readonly<Record<string, unknown>> = {}): Promise<Row[]> {
    const [rows] = (await this.#connection.query(text, values)) as [Row[] | undefined];
    return rows ?? [];
  }
}

function valuesOf({ workflows, entries, records }: Batch): Record<string, unknown> {
  const writes = lastWrites(records);
  return {
    workflows: workflows.map(({ id, definition: _definition, submission: _submission, ...row }) => ({
      ...row,
      uuid: id,
      labels: labelWords((JSON.parse(row.summary) as { labels?: Record<string, string> }).labels),
    })),
    definitions: workflows
      .filter(({ definition }) => definition !== undefined)
      .map(({ number, definition, submission = '{}' }) => ({ number, definition, submission })),
    events: entries.map(({ sequence, workflow, event }) => ({
      id: [workflow, sequence],
      sequence,
      workflow,
      type: event.type,
      at: event.at,
      ...encodeEvent(event),
    })),
    puts: writes
      .filter(({ data }) => data !== undefined)
      .map(({ kind, id, data, expiresAt }) => ({
        kind,
        key: id,
        data,
        ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
      })),
    gone: writes.filter(({ data }) => data === undefined).map(({ kind, id }) => ({ kind, key: id })),
  };
}

function toRow(
  { uuid, ...row }: SurrealWorkflow,
  defined?: { readonly definition: string; readonly submission: string },
): WorkflowRow {
  return { ...row, id: uuid, definition: defined?.definition, submission: defined?.submission };
}

function toEntry({ sequence, workflow, type, at, op, data }: SurrealEvent): JournalEntry {
  return { sequence, workflow, event: decodeEvent(type, at, op ?? null, data ?? null) };
}

function conditions(filter: WorkflowFilter): { where: string; values: Record<string, unknown> } {
  const parts: string[] = [];
  const { status, kind, workspace, infra, createdBy, since, until, labels } = filter;
  if (status) parts.push('status IN $status');
  if (kind) parts.push('kind IN $kind');
  if (workspace !== undefined) parts.push('workspace = $workspace');
  if (infra !== undefined) parts.push('infra = $infra');
  if (createdBy !== undefined) parts.push('createdBy = $createdBy');
  if (since !== undefined) parts.push('createdAt >= $since');
  if (until !== undefined) parts.push('createdAt <= $until');
  if (labels) parts.push('labels CONTAINSALL $labels');
  return {
    where: parts.length === 0 ? '' : `WHERE ${parts.join(' AND ')}`,
    values: { ...filter, ...(labels && { labels: labelWords(labels) }) },
  };
}

/** Labels as words that a set can be asked for. */
function labelWords(labels: Readonly<Record<string, string>> = {}): string[] {
  return Object.entries(labels).map(([key, value]) => `${key}:${value}`);
}
