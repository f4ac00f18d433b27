import { decodeEvent, type JournalEntry, type RecordWrite, type WorkflowRow } from './store.ts';

/** A row of `workflows` as the SQL stores have it. */
export interface SqlWorkflow {
  number: number;
  id: string;
  name: string;
  kind: string;
  status: string;
  phase: string;
  workspace: string | null;
  infra: string | null;
  created_by: string | null;
  created_at: number;
  started_at: number | null;
  completed_at: number | null;
  updated_at: number;
  summary: string;
  definition?: string;
  submission?: string;
}

export interface SqlEvent {
  sequence: number;
  workflow: number;
  type: string;
  at: number;
  op: number | null;
  data: string | null;
}

export function toWorkflow(row: SqlWorkflow): WorkflowRow {
  return {
    number: Number(row.number),
    id: row.id,
    name: row.name,
    kind: row.kind,
    status: row.status,
    phase: row.phase,
    workspace: row.workspace,
    infra: row.infra,
    createdBy: row.created_by,
    createdAt: Number(row.created_at),
    startedAt: nullable(row.started_at),
    completedAt: nullable(row.completed_at),
    updatedAt: Number(row.updated_at),
    definition: row.definition,
    submission: row.submission,
    summary: row.summary,
  };
}

export function toEntry(row: SqlEvent): JournalEntry {
  return {
    sequence: Number(row.sequence),
    workflow: Number(row.workflow),
    event: decodeEvent(row.type, Number(row.at), row.op, row.data),
  };
}

export interface SqlRecord {
  kind: string;
  id: string;
  data: string;
  expires_at: number | string | null;
}

export function toRecord({ kind, id, data, expires_at: expires }: SqlRecord): RecordWrite {
  return { kind, id, data, ...(expires === null ? {} : { expiresAt: Number(expires) }) };
}

/** Of several writes to the same record the last one. */
export function lastWrites(records: readonly RecordWrite[]): RecordWrite[] {
  return [...new Map(records.map((write) => [`${write.kind}\0${write.id}`, write])).values()];
}

function nullable(value: number | null): number | null {
  return value === null ? null : Number(value);
}
