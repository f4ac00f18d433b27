import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { WorkflowEvent } from '../engine/events.ts';

/** An event at its place in the journal. Sequence numbers grow without regard to the clock. */
export interface JournalEntry {
  readonly sequence: number;
  /** The workflow's number, see {@link WorkflowRow.number}. */
  readonly workflow: number;
  readonly event: WorkflowEvent;
}

/** What lists and filters need of a workflow, kept beside its journal; everything else is folded from events. */
export interface WorkflowRow {
  /** Short name of the workflow inside the store. */
  readonly number: number;
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly status: string;
  readonly phase: string;
  readonly workspace: string | null;
  readonly infra: string | null;
  readonly createdBy: string | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly completedAt: number | null;
  readonly updatedAt: number;
  /** The definition, JSON: as submitted, or as last resumed. `undefined` leaves what is there. */
  readonly definition: string | undefined;
  /** Submission facts (request id, idempotency key …), JSON. Written once. */
  readonly submission: string | undefined;
  /** Labels, counts and error for lists, JSON. */
  readonly summary: string;
}

/** A record that is not part of a workflow's journal: idempotency keys, webhook deliveries, schedules, circuits. */
export interface RecordWrite {
  readonly kind: string;
  readonly id: string;
  /** JSON; `undefined` deletes. */
  readonly data: string | undefined;
  /** Milliseconds; removed some time after it. */
  readonly expiresAt?: number;
}

export interface StoredRecord {
  readonly id: string;
  readonly data: string;
}

/** The right of a worker to an attempt. */
export interface Grant {
  readonly token: string;
  readonly worker: string;
  readonly seconds: number;
}

/** What a store that workers share keeps for them; only stores for which a dispatcher asks that know it (12 §10). */
export interface WorkerMail {
  /** Attempts that begin with this batch and have their worker already. */
  readonly grants: readonly Grant[];
  /** Results of workers that the entries of this batch have taken in: they are forgotten. */
  readonly letters: readonly string[];
}

/** Written in one transaction: all of it or nothing. */
export interface Batch {
  readonly entries: readonly JournalEntry[];
  readonly workflows: readonly WorkflowRow[];
  readonly records: readonly RecordWrite[];
  readonly mail?: WorkerMail;
}

/** What a restore does to the store. */
export interface Restoration {
  /** Events behind this sequence number go. */
  readonly after: number;
  /** Rows as they were then. */
  readonly workflows: readonly WorkflowRow[];
  /** Numbers of workflows that did not exist then. */
  readonly removed: readonly number[];
  /** Events that come back. */
  readonly entries?: readonly JournalEntry[];
  readonly records: readonly RecordWrite[];
}

export interface WorkflowFilter {
  readonly status?: readonly string[];
  readonly kind?: readonly string[];
  readonly workspace?: string;
  readonly infra?: string;
  readonly createdBy?: string;
  readonly since?: number;
  readonly until?: number;
  /** All of these, with these values. */
  readonly labels?: Readonly<Record<string, string>>;
}

export interface Page {
  readonly limit: number;
  readonly offset: number;
  readonly descending: boolean;
}

/**
 * Where the journal lives. `append` resolves when the batch would survive a power cut; batches are written in the
 * order of the calls, one at a time. Only one process appends. What is appended again (after a failure with an unknown
 * outcome, or by a copy) changes nothing.
 */
export interface Store {
  readonly type: 'sqlite' | 'postgres' | 'surrealdb-embedded' | 'surrealdb-server';
  /** Creates or migrates the schema. @throws ProvisioningError `STORE_TOO_NEW`, `STORAGE_UNAVAILABLE`. */
  open(): Promise<void>;
  append(batch: Batch): Promise<void>;
  /** Highest sequence and workflow numbers, 0 when empty. */
  position(): Promise<{ readonly sequence: number; readonly workflow: number }>;
  workflow(id: string): Promise<WorkflowRow | undefined>;
  workflowByNumber(number: number): Promise<WorkflowRow | undefined>;
  /** Without definitions. */
  workflows(
    filter: WorkflowFilter,
    page: Page,
  ): Promise<{ readonly rows: readonly WorkflowRow[]; readonly total: number }>;
  /** Pending, running or rolling back; with definitions, oldest first. */
  unfinished(): Promise<readonly WorkflowRow[]>;
  counts(
    since: number,
  ): Promise<readonly { readonly status: string; readonly kind: string; readonly count: number }[]>;
  /** Events of one workflow in order, after `after`. */
  events(workflow: number, after: number): AsyncIterable<JournalEntry>;
  /** Events of all workflows in order, after `after`, at most `limit`. */
  journal(after: number, limit: number): Promise<readonly JournalEntry[]>;
  /** Workflows by number behind `after`, with definitions, at most `limit`: for copies. */
  workflowsAfter(after: number, limit: number): Promise<readonly WorkflowRow[]>;
  record(kind: string, id: string): Promise<string | undefined>;
  records(kind: string): Promise<readonly StoredRecord[]>;
  /** Every record with its expiry: for copies. */
  allRecords(): Promise<readonly RecordWrite[]>;
  /** Takes records back to an earlier position, all of it or nothing (12 §9 "Restore"). */
  restore(change: Restoration): Promise<void>;
  /** Empties the store. */
  clear(): Promise<void>;
  /** Removes finished workflows with their journals, and expired records. */
  remove(workflows: readonly number[], expiredBefore: number): Promise<void>;
  /** Bytes on disk. */
  size(): Promise<number>;
  /** Throws when the store does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** The columns of an event that are not in its data. */
export function encodeEvent(event: WorkflowEvent): {
  readonly op: number | null;
  readonly data: string | null;
} {
  const { type: _type, at: _at, op, ...rest } = event as WorkflowEvent & { op?: number };
  for (const _key in rest) return { op: op ?? null, data: JSON.stringify(rest) };
  return { op: op ?? null, data: null };
}

export function decodeEvent(type: string, at: number, op: number | null, data: string | null): WorkflowEvent {
  return {
    type,
    at,
    ...(op === null ? {} : { op }),
    ...(data === null ? {} : (JSON.parse(data) as object)),
  } as WorkflowEvent;
}

/** A store that is only looked at is not created. @param place what is missing */
export function keptNothing(place: string): ProvisioningError {
  return new ProvisioningError({
    code: 'STORE_NOT_FOUND',
    kind: 'not-found',
    message: `the orchestrator has kept nothing yet: ${place} does not exist`,
    hint: 'Start it with `provisioning orchestrator start`, or name its directory with --data-dir',
  });
}
