import type { WorkflowDefinition } from '@provisioning/client';
import type { EventEnvelope, OperationRecord, Task, WorkflowRecord } from '@provisioning/client';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { apply } from '../engine/apply.ts';
import { parseTaskId } from '../engine/identifiers.ts';
import { compile, type PlanDefaults, type StoredDefinition } from '../engine/plan.ts';
import { initialState } from '../engine/state.ts';
import type { EventBus } from '../events/bus.ts';
import { compareEventIds } from '../events/event-id.ts';
import { project } from '../events/projection.ts';
import type { Executor } from '../execution/executor.ts';
import type { Journal } from '../journal/journal.ts';
import type { Page, Store, WorkflowFilter, WorkflowRow } from '../journal/store.ts';
import type { LogSelection, TaskLogs } from '../logs/task-logs.ts';
import { type Live, load } from '../runtime/live.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { operationRecord, operationTask, rootTask, workflowRecord } from '../views/records.ts';
import type { Durations } from '../views/durations.ts';
import { history } from '../views/history.ts';
import { listRecord } from '../views/rows.ts';

export interface WorkflowsParts {
  readonly store: Store;
  readonly runtime: Runtime;
  readonly journal: Journal;
  readonly executor: Executor;
  readonly logs: TaskLogs;
  readonly bus: EventBus;
  readonly defaults: PlanDefaults;
  readonly maxOperations: number;
  readonly durations: Durations;
  /** Milliseconds between two checkpoints of a running workflow. */
  readonly checkpointInterval: number;
}

/** Workflows whose operations are listed at most. */
const recentWorkflows = 1000;
/** Operations of a workflow up to which it is looked up why each one waits. */
const explainedOperations = 1000;
/** Finished workflows kept folded for readers. */
const remembered = 50;
/** Larger ones are folded anew for each reader. */
const rememberedOperations = 5000;

/** Everything that can be asked of workflows. */
export class WorkflowRecords {
  protected readonly parts: WorkflowsParts;
  readonly #finished = new Map<string, Live>();

  constructor(parts: WorkflowsParts) {
    this.parts = parts;
  }

  /** Keeps a workflow that has ended in its folded form for a while. */
  remember(live: Live): void {
    if (live.state.operations.length > rememberedOperations) return;
    const { id } = live.state.plan;
    this.#finished.delete(id);
    this.#finished.set(id, live);
    if (this.#finished.size > remembered) this.#finished.delete(this.#finished.keys().next().value!);
  }

  /** Forgets what is kept for readers: the records have changed underneath. */
  forget(): void {
    this.#finished.clear();
  }

  /** @throws ProvisioningError `NOT_FOUND` */
  async live(id: string): Promise<Live> {
    const { runtime, store, defaults } = this.parts;
    const found = runtime.live(id) ?? this.#finished.get(id);
    if (found) return found;
    const row = await store.workflow(id);
    if (!row) throw notFound(`Workflow not found: ${id}`);
    // It may have come to life again while the store was read.
    const live = runtime.live(id) ?? (await load(store, row, defaults));
    if (!runtime.live(id)) this.remember(live);
    return live;
  }

  async get(id: string): Promise<WorkflowRecord> {
    const live = await this.live(id);
    const remaining = this.parts.durations.remaining(live.state, Date.now());
    return { ...workflowRecord(live.state, live.facts, remaining), operations: this.#operations(live) };
  }

  /** @throws ProvisioningError `NOT_FOUND` */
  async definition(id: string): Promise<StoredDefinition> {
    await this.parts.journal.flush();
    const row = await this.parts.store.workflow(id);
    if (!row) throw notFound(`Workflow not found: ${id}`);
    return JSON.parse(row.definition ?? '{}') as StoredDefinition;
  }

  async operations(id: string): Promise<OperationRecord[]> {
    return this.#operations(await this.live(id));
  }

  async list(filter: WorkflowFilter, page: Page): Promise<{ records: WorkflowRecord[]; total: number }> {
    const { rows, total } = await this.parts.store.workflows(filter, page);
    return { records: rows.map((row) => this.#listed(row)), total };
  }

  /** Root tasks, as records of tasks. */
  async listTasks(filter: WorkflowFilter, page: Page): Promise<{ tasks: Task[]; total: number }> {
    const { rows, total } = await this.parts.store.workflows(filter, page);
    const tasks = await Promise.all(
      rows.map(async ({ id }) => {
        const live = await this.live(id);
        return rootTask(live.state, live.facts);
      }),
    );
    return { tasks, total };
  }

  async task(id: string): Promise<Task> {
    const { workflow, operation } = parseTaskId(id);
    const live = await this.live(workflow).catch(() => undefined);
    if (live && operation === undefined) return rootTask(live.state, live.facts);
    const own = operation === undefined ? undefined : live?.state.operations[operation];
    if (!live || !own) throw notFound(`Task not found: ${id}`);
    return operationTask(live.state, own, live.facts);
  }

  async children(id: string): Promise<Task[]> {
    const { state, facts } = await this.live(id);
    return state.operations.map((operation) => operationTask(state, operation, facts));
  }

  /** An operation by the id of its task. @throws ProvisioningError `NOT_FOUND` */
  async operation(task: string): Promise<OperationRecord> {
    const { workflow, operation = -1 } = parseTaskId(task);
    const own = (await this.operations(workflow))[operation];
    if (own?.task_id !== task) throw notFound(`Operation not found: ${task}`);
    return own;
  }

  /** Operations of the newest workflows, newest workflow first; `total` counts those of all that match. */
  async recentOperations(
    filter: WorkflowFilter,
    page: Page,
  ): Promise<{ operations: OperationRecord[]; total: number }> {
    const { items, total } = await this.#pagedParts(filter, page, 0, (id) => this.operations(id));
    return { operations: items, total };
  }

  /** The newest root tasks, each followed by the tasks of its operations. */
  async tasksWithChildren(filter: WorkflowFilter, page: Page): Promise<{ tasks: Task[]; total: number }> {
    const { items, total } = await this.#pagedParts(filter, page, 1, async (id) => [
      await this.task(id),
      ...(await this.children(id)),
    ]);
    return { tasks: items, total };
  }

  /**
   * A page of what the newest workflows consist of.
   * @param more parts of each workflow beside its operations
   */
  async #pagedParts<T>(
    filter: WorkflowFilter,
    page: Page,
    more: number,
    partsOf: (id: string) => Promise<readonly T[]>,
  ): Promise<{ items: T[]; total: number }> {
    const { rows } = await this.parts.store.workflows(filter, {
      ...page,
      limit: recentWorkflows,
      offset: 0,
    });
    const totals = rows.map((row) => (JSON.parse(row.summary) as { total: number }).total + more);
    const total = totals.reduce((sum, count) => sum + count, 0);
    const items: T[] = [];
    let skip = page.offset;
    for (const [index, row] of rows.entries()) {
      if (items.length >= page.limit) break;
      if (skip >= totals[index]!) skip -= totals[index]!;
      else {
        const all = await partsOf(row.id);
        items.push(...all.slice(skip, skip + page.limit - items.length));
        skip = 0;
      }
    }
    return { items, total };
  }

  /** Checkpoints and snapshots, read from the journal. */
  async history(id: string): Promise<Awaited<ReturnType<typeof history>>> {
    await this.parts.journal.flush();
    const row = await this.parts.store.workflow(id);
    if (!row) throw notFound(`Workflow not found: ${id}`);
    const { store, defaults, checkpointInterval: interval } = this.parts;
    return history(store, row, defaults, { interval, now: Date.now() });
  }

  async readLogs(id: string, options: LogSelection): Promise<string> {
    const { workflow, operation } = await this.#logOf(id);
    return this.parts.logs.read(workflow, { ...options, operation: operation ?? options.operation });
  }

  /** The log piece by piece until the workflow, or the operation that the id names, has ended. */
  async followLogs(id: string, options: LogSelection): Promise<AsyncGenerator<string>> {
    const { workflow, operation, index } = await this.#logOf(id);
    const hasEnded = async () => {
      const live = this.parts.runtime.live(workflow);
      return live === undefined || (index !== undefined && isOver(live.state.operations[index]!.status));
    };
    return this.parts.logs.follow(
      workflow,
      { ...options, operation: operation ?? options.operation },
      hasEnded,
    );
  }

  async #logOf(id: string): Promise<{ workflow: string; operation?: string; index?: number }> {
    const { workflow, operation: index } = parseTaskId(id);
    const { state } = await this.live(workflow);
    const own = index === undefined ? undefined : state.operations[index];
    if (index !== undefined && own === undefined) throw notFound(`Task not found: ${id}`);
    return { workflow, operation: own?.plan.id, index };
  }

  /** The events of a workflow behind `after` (an envelope id), as subscribers saw them. */
  async events(id: string, after?: string, limit = 1000): Promise<EventEnvelope[]> {
    const { store, journal, defaults } = this.parts;
    await journal.flush();
    const row = await store.workflow(id);
    if (!row) throw notFound(`Workflow not found: ${id}`);
    const [sequence = 0, part = 0] = (after ?? '').split('-').map(Number);
    const state = initialState(compile(id, JSON.parse(row.definition!) as WorkflowDefinition, defaults));
    const found: EventEnvelope[] = [];
    for await (const entry of store.events(row.number, 0)) {
      const change = () => apply(state, entry.event, () => undefined);
      if (entry.sequence < sequence) change();
      else {
        const envelopes = project(state, entry.sequence, entry.event, change);
        const skip = entry.sequence === sequence && after?.includes('-') ? part + 1 : 0;
        found.push(...(entry.sequence === sequence && skip === 0 ? [] : envelopes.slice(skip)));
      }
      if (found.length >= limit) break;
    }
    return found;
  }

  /** Events of all workflows behind `after`; undefined when more than `limit` journal entries lie there. */
  async replay(after: string, limit: number): Promise<EventEnvelope[] | undefined> {
    const { store, journal } = this.parts;
    await journal.flush();
    const [sequence = 0] = after.split('-').map(Number);
    const entries = await store.journal(after.includes('-') ? sequence - 1 : sequence, limit + 1);
    if (entries.length > limit) return undefined;
    const found: EventEnvelope[] = [];
    for (const number of new Set(entries.map((entry) => entry.workflow))) {
      const row = await store.workflowByNumber(number);
      if (row) found.push(...(await this.events(row.id, after, Infinity)));
    }
    return found.sort((a, b) => compareEventIds(a.id ?? '0', b.id ?? '0'));
  }

  #operations({ state }: Live): OperationRecord[] {
    const { scheduler } = this.parts.runtime;
    const explain = state.operations.length <= explainedOperations;
    return state.operations.map((operation) => {
      const waits =
        operation.status === 'Pending' ? operation.waiting === 0 : operation.phase === 'retry_wait';
      const reason = explain && waits ? scheduler.reason(state.plan.id, operation.plan.index) : undefined;
      const record = operationRecord(state, operation, reason);
      if (reason?.startsWith('locked')) return { ...record, phase: 'blocked' };
      return reason?.startsWith('circuit') ? { ...record, phase: 'circuit_open' } : record;
    });
  }

  #listed(row: WorkflowRow): WorkflowRecord {
    const live = this.parts.runtime.live(row.id);
    return live ? workflowRecord(live.state, live.facts) : listRecord(row);
  }

  /** Forgets what is kept of one workflow for readers. */
  protected drop(id: string): void {
    this.#finished.delete(id);
  }
}

function isOver(status: string): boolean {
  return status !== 'Pending' && status !== 'Running';
}

export function notFound(message: string): ProvisioningError {
  return new ProvisioningError({ code: 'NOT_FOUND', kind: 'not-found', message });
}
