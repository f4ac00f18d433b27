import { randomUUID } from 'node:crypto';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { WorkflowEvent } from '../engine/events.ts';
import type { Journal } from '../journal/journal.ts';
import type { Store } from '../journal/store.ts';
import type { Live } from '../runtime/live.ts';
import { Timers } from '../runtime/timers.ts';
import { type Endpoint, matches } from './endpoints.ts';
import { webhookEvents } from './event-data.ts';
import { send } from './send.ts';
import { sign } from './signature.ts';

/** Seconds between attempts (13 §7): six in all. */
const retries = [5, 30, 120, 600, 3600];
/** Failures in a row after which an endpoint rests, and for how long in milliseconds. */
const failureLimit = 50;
const restTime = 3_600_000;
/** Milliseconds for which records of ended deliveries are kept. */
const keptFor = 7 * 24 * 3_600_000;

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

  /** Sends a `webhook.test` to one endpoint, whatever events it is for. @returns the delivery's id */
  test(id: string): string {
    const endpoint = this.#endpoint(id);
    const data = { endpoint: id, message: 'A test of this endpoint' };
    return this.#queue(endpoint, 'webhook.test', new Date().toISOString(), data);
  }

  /** Sends a delivery again under its own id, with all its attempts. */
  async redeliver(id: string): Promise<Delivery> {
    const record = await this.#options.store.record('webhook', id);
    if (record === undefined) throw notFound(`Webhook delivery not found: ${id}`);
    const { error: _error, ...before } = JSON.parse(record) as Delivery;
    this.#endpoint(before.endpoint);
    const delivery: Delivery = { ...before, attempts: 0, status: 'pending', due: 0 };
    this.#disabled.delete(before.endpoint);
    this.#write(delivery);
    this.#options.journal().whenDurable(() => this.#schedule(delivery));
    return delivery;
  }

  /** Tells the endpoints that want it of something that no workflow did. */
  tell(event: string, data: unknown): void {
    for (const endpoint of this.#endpoints.values()) {
      const { enabled = true, events, id } = endpoint;
      if (!enabled || this.#disabled.has(id) || !events.some((pattern) => matches(pattern, event))) continue;
      this.#queue(endpoint, event, new Date().toISOString(), data);
    }
  }

  #endpoint(id: string): Endpoint {
    const endpoint = this.#endpoints.get(id);
    if (endpoint) return endpoint;
    throw notFound(`Webhook endpoint not found: ${id}`);
  }

  #queue(endpoint: Endpoint, event: string, timestamp: string, data: unknown): string {
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
    return id;
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

function notFound(message: string): ProvisioningError {
  return new ProvisioningError({ code: 'NOT_FOUND', kind: 'not-found', message });
}
