import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OrchestratorSettings } from './settings.ts';

/** One workflow as lists show it. */
export interface StoredWorkflow {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly status: string;
  readonly phase: string;
  readonly infra?: string;
  readonly priority: number;
  readonly progress: number;
  readonly created_at: string;
  readonly started_at?: string;
  readonly completed_at?: string;
  readonly updated_at: string;
}

export interface StoredFilter {
  readonly status?: readonly string[];
  readonly kind?: string;
  readonly infra?: string;
  readonly limit: number;
}

export interface LocalStore {
  /** How many workflows stand in each status. */
  counts(): Readonly<Record<string, number>>;
  /** Newest first. */
  list(filter: StoredFilter): StoredWorkflow[];
  close(): void;
}

/** The schema of the store that this reader knows. */
const schemaVersion = 1;

interface Row {
  readonly number: number;
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly status: string;
  readonly phase: string;
  readonly infra: string | null;
  readonly created_at: number;
  readonly started_at: number | null;
  readonly completed_at: number | null;
  readonly updated_at: number;
  readonly summary: string;
}

/**
 * The orchestrator's SQLite file, opened for reading beside it or without it (12 §16).
 * @returns nothing where the store is another one, is not readable, or is of a version that is not known: ask over HTTP
 */
export function openLocalStore(settings: OrchestratorSettings): LocalStore | undefined {
  const path = settings.database;
  if (storeType(settings) !== 'sqlite' || !existsSync(path)) return undefined;
  // Loaded only here: few commands need it.
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  let database: InstanceType<typeof DatabaseSync>;
  try {
    database = new DatabaseSync(path, { readOnly: true });
    const version = database.prepare('PRAGMA user_version').get() as { user_version: number };
    if (version.user_version !== schemaVersion) {
      database.close();
      return undefined;
    }
  } catch {
    return undefined;
  }
  return {
    counts() {
      const rows = database.prepare('SELECT status, count(*) AS count FROM workflows GROUP BY status').all();
      return Object.fromEntries(rows.map((row) => [String(row['status']), Number(row['count'])]));
    },
    list({ status, kind, infra, limit }) {
      const statuses = status?.map((name) => name.toLowerCase());
      const parts = [
        statuses && `lower(status) IN (${statuses.map(() => '?').join(',')})`,
        kind !== undefined && 'kind = ?',
        infra !== undefined && 'infra = ?',
      ].filter((part) => typeof part === 'string');
      const values = [...(statuses ?? []), ...[kind, infra].filter((value) => value !== undefined)];
      const where = parts.length === 0 ? '' : `WHERE ${parts.join(' AND ')}`;
      const sql = `SELECT * FROM workflows ${where} ORDER BY number DESC LIMIT ?`;
      // A workflow's row is written when it begins and when it ends; what happens in between is in the journal.
      const since = database.prepare(
        `SELECT count(DISTINCT op) FILTER (WHERE type = 'OperationCompleted') AS completed, max(at) AS updated_at
         FROM events WHERE workflow = ?`,
      );
      return (database.prepare(sql).all(...values, limit) as unknown as Row[]).map((row) =>
        row.completed_at === null
          ? toWorkflow(row, since.get(row.number) as unknown as Journalled)
          : toWorkflow(row),
      );
    },
    close: () => database.close(),
  };
}

/** The store that the orchestrator of this data folder works on. */
export function storeType({ dataDir, storageType }: OrchestratorSettings): string {
  if (storageType !== undefined) return storageType === 'filesystem' ? 'sqlite' : storageType;
  try {
    return (JSON.parse(readFileSync(join(dataDir, 'store.json'), 'utf8')) as { type: string }).type;
  } catch {
    return 'sqlite';
  }
}

/** What the journal says of a workflow that is under way. */
interface Journalled {
  readonly completed: number;
  readonly updated_at: number | null;
}

function toWorkflow(row: Row, journalled?: Journalled): StoredWorkflow {
  const summary = JSON.parse(row.summary) as Readonly<Record<string, number>>;
  const { total = 0, completed = 0, failed = 0, cancelled = 0, priority = 50 } = summary;
  const ended = journalled?.completed ?? completed + failed + cancelled;
  const time = (value: number | null) => (value === null ? undefined : new Date(value).toISOString());
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    status: row.status,
    phase: row.phase,
    infra: row.infra ?? undefined,
    priority,
    progress: total === 0 ? 0 : Math.round((1000 * ended) / total) / 10,
    created_at: time(row.created_at)!,
    started_at: time(row.started_at),
    completed_at: time(row.completed_at),
    updated_at: time(journalled?.updated_at ?? row.updated_at)!,
  };
}
