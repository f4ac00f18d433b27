import { randomUUID } from 'node:crypto';
import type { WorkflowEvent } from '../engine/events.ts';
import { taskId } from '../engine/identifiers.ts';
import type { WorkflowState } from '../engine/state.ts';
import type { Journal } from '../journal/journal.ts';
import type { Store } from '../journal/store.ts';
import type { Live } from '../runtime/live.ts';
import { Timers } from '../runtime/timers.ts';
import { workflowProgress } from '../views/progress.ts';
import { type Endpoint, matches } from './endpoints.ts';
import { send } from './send.ts';
import { sign } from './signature.ts';

/** Seconds between attempts (13 §7): six in all. */
const retries = [5, 30, 120, 600, 3600];
/** Failures in a row after which an endpoint rests, and for how long in milliseconds. */
const failureLimit = 50;
const restTime = 3_600_000;
/** Milliseconds for which records of ended deliveries are kept. */
const keptFor = 7 * 24 * 3_600_000;
const outputLimit = 4096;

export interface Delivery {
  readonly id: string;
  readonly endpoint: string;
  readonly event: string;
  readonly timestamp: string;
  readonly data: unknown;
  readonly attempts: number;
  readonly status: 'pending' | 'delivered' | 'failed';
  readonly due: number;
  readonly error?: string;
}

export interface WebhookOptions {
  readonly store: Store;
  readonly journal: () => Journal;
  readonly endpoints: readonly Endpoint[];
  readonly version: string;
  readonly onResult: (endpoint: string, result: 'success' | 'failure' | 'dead') => void;
  readonly onWarning: (message: string) => void;
}

/**
 * Outgoing webhooks: a delivery is written in the same transaction as the event that it tells of, and forgotten only
 * when the receiver has answered or all attempts are used up.
 */
export class Webhooks {
  readonly #options: WebhookOptions;
  readonly #endpoints: ReadonlyMap<string, Endpoint>;
  readonly #pending = new Map<string, Delivery>();
  readonly #failures = new Map<string, number>();
  readonly #resting = new Map<string, number>();
  readonly #disabled = new Set<string>();
  readonly #timers: Timers;

  constructor(options: WebhookOptions) {
    this.#options = options;
    this.#endpoints = new Map(options.endpoints.map((endpoint) => [endpoint.id, endpoint]));
    this.#timers = new Timers((id) => void this.#attempt(id), 10_000);
  }

  /** Takes up what was not delivered before the last stop. */
  async start(): Promise<void> {
    if (this.#endpoints.size === 0) return;
    for (const { data } of await this.#options.store.records('webhook')) {
      const delivery = JSON.parse(data) as Delivery;
      if (delivery.status === 'pending') this.#schedule(delivery);
    }
  }

  stop(): void {
    this.#timers.stop();
  }

  readonly onEvent = ({ state }: Live, event: WorkflowEvent): void => {
    if (this.#endpoints.size === 0) return;
    for (const [name, data] of webhookEvents(state, event)) {
      for (const endpoint of this.#endpoints.values()) {
        const { enabled = true, events, workspaces } = endpoint;
        if (!enabled || this.#disabled.has(endpoint.id) || !events.some((pattern) => matches(pattern, name)))
          continue;
        if (workspaces && !workspaces.includes(state.plan.workspace?.name ?? '')) continue;
        this.#queue(endpoint, name, new Date(event.at).toISOString(), data);
      }
    }
  };

  endpoints() {
    return [...this.#endpoints.values()].map(({ secrets, ...endpoint }) => ({
      ...endpoint,
      secrets: secrets.map(() => '***'),
      state: this.#disabled.has(endpoint.id)
        ? 'disabled'
        : this.#resting.has(endpoint.id)
          ? 'paused'
          : 'active',
    }));
  }

  async deliveries(filter: { readonly endpoint?: string; readonly status?: string }): Promise<Delivery[]> {
    const records = await this.#options.store.records('webhook');
    return records
      .map(({ data }) => JSON.parse(data) as Delivery)
      .filter(({ endpoint }) => filter.endpoint === undefined || endpoint === filter.endpoint)
      .filter(({ status }) => filter.status === undefined || status === filter.status);
  }

  #queue(endpoint: Endpoint, event: string, timestamp: string, data: unknown): void {
    const id = randomUUID();
    const delivery: Delivery = {
      id,
      endpoint: endpoint.id,
      event,
      timestamp,
      data,
      attempts: 0,
      status: 'pending',
      due: 0,
    };
    this.#write(delivery);
    this.#options.journal().whenDurable(() => this.#schedule(delivery));
  }

  #schedule(delivery: Delivery): void {
    this.#pending.set(delivery.id, delivery);
    const rest = this.#resting.get(delivery.endpoint) ?? 0;
    this.#timers.set(delivery.id, Math.max(delivery.due, rest));
  }

  async #attempt(id: string): Promise<void> {
    const delivery = this.#pending.get(id);
    const endpoint = delivery && this.#endpoints.get(delivery.endpoint);
    if (!delivery || !endpoint) return;
    this.#pending.delete(id);
    const { event, timestamp, data } = delivery;
    const { body, header } = sign(
      { event, timestamp, data },
      endpoint.secrets,
      Math.floor(Date.now() / 1000),
    );
    let status = 0;
    let error: string | undefined;
    try {
      status = await send({
        url: endpoint.url,
        body,
        timeout: (endpoint.timeout_seconds ?? 10) * 1000,
        allowPrivate: endpoint.allow_private ?? false,
        headers: {
          ...endpoint.headers,
          'user-agent': `provisioning-webhooks/${this.#options.version}`,
          'x-provisioning-event': event,
          'x-provisioning-delivery': id,
          ...(header === undefined ? {} : { 'x-provisioning-signature': header }),
        },
      });
      if (status < 200 || status > 299) error = `HTTP ${status}`;
    } catch (thrown) {
      error = (thrown as Error).message;
    }
    this.#settle({ ...delivery, attempts: delivery.attempts + 1 }, status, error);
  }

  #settle(delivery: Delivery, status: number, error: string | undefined): void {
    const { endpoint } = delivery;
    const { onResult, onWarning } = this.#options;
    if (error === undefined) {
      this.#failures.delete(endpoint);
      this.#resting.delete(endpoint);
      onResult(endpoint, 'success');
      this.#write({ ...delivery, status: 'delivered' });
      return;
    }
    if (status === 410) this.#disabled.add(endpoint);
    const failures = (this.#failures.get(endpoint) ?? 0) + 1;
    this.#failures.set(endpoint, failures);
    if (failures >= failureLimit) {
      this.#failures.delete(endpoint);
      this.#resting.set(endpoint, Date.now() + restTime);
    }
    const final = status >= 400 && status < 500 && ![408, 425, 429].includes(status);
    const wait = retries[delivery.attempts - 1];
    if (final || wait === undefined) {
      onResult(endpoint, 'dead');
      onWarning(
        `webhook ${delivery.event} to ${endpoint} given up after ${delivery.attempts} attempts: ${error}`,
      );
      this.#write({ ...delivery, status: 'failed', error });
      return;
    }
    onResult(endpoint, 'failure');
    const next: Delivery = { ...delivery, due: Date.now() + wait * 1000, error };
    this.#write(next);
    this.#schedule(next);
  }

  #write(delivery: Delivery): void {
    this.#options.journal().record({
      kind: 'webhook',
      id: delivery.id,
      data: JSON.stringify(delivery),
      ...(delivery.status === 'pending' ? {} : { expiresAt: Date.now() + keptFor }),
    });
  }
}

/** What a journal event is called outside, with its data; nothing for most. */
function webhookEvents(state: WorkflowState, event: WorkflowEvent): [string, unknown][] {
  const subject = state.plan.kind === 'batch' ? 'batch' : 'workflow';
  switch (event.type) {
    case 'WorkflowSubmitted':
      return [[`${subject}.created`, rootData(state)]];
    case 'WorkflowStarted':
      return [[`${subject}.started`, rootData(state)]];
    case 'WorkflowCompleted':
    case 'WorkflowFailed':
    case 'WorkflowCancelled':
      return [[`${subject}.${state.status.toLowerCase()}`, rootData(state)]];
    case 'OperationStarted':
      return [['task.started', taskData(state, event.op)]];
    case 'OperationCompleted':
    case 'OperationFailed':
    case 'OperationCancelled':
      return [[`task.${state.operations[event.op]!.status.toLowerCase()}`, taskData(state, event.op)]];
    case 'WorkflowRolledBack':
      return [
        [
          event.success ? 'rollback.completed' : 'rollback.failed',
          { rollback_id: state.rollback?.id, workflow_id: state.plan.id },
        ],
      ];
    default:
      return [];
  }
}

function rootData(state: WorkflowState) {
  const { id, name, kind } = state.plan;
  const { length: total } = state.operations;
  return {
    ...(kind === 'batch' ? { batch_id: id } : { workflow_id: id, task_id: id }),
    name,
    status: state.status.toLowerCase(),
    infra: state.plan.infra,
    progress: workflowProgress(state).percent,
    operations: { total, completed: state.completed, failed: state.failed },
    ...(state.error === undefined ? {} : { error: state.error.message }),
  };
}

function taskData(state: WorkflowState, op: number) {
  const { plan, status, output, error, progress } = state.operations[op]!;
  const text =
    output === undefined ? undefined : typeof output === 'string' ? output : JSON.stringify(output);
  return {
    task_id: taskId(state.plan.id, op),
    name: plan.name,
    status: status.toLowerCase(),
    infra: plan.infra,
    progress,
    ...(text === undefined ? {} : { output: text.slice(-outputLimit) }),
    ...(error === undefined ? {} : { error: error.message }),
  };
}
