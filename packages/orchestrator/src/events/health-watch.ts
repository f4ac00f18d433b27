import type { EventEnvelope, Health } from '@provisioning/client';
import type { EventBus } from './bus.ts';

export interface HealthWatchOptions {
  readonly bus: EventBus;
  readonly health: () => Promise<Health>;
  readonly metrics: () => Promise<Readonly<Record<string, number>>>;
  readonly onChange: (before: string, now: Health) => void;
  /** Seconds between two updates; a change is told at once, that is, when it is next looked at. */
  readonly interval?: number;
}

/** Milliseconds between two looks. */
const look = 5000;

/** Tells of the service's health: every 30 seconds, and when it has changed (13 §8.4). */
export class HealthWatch {
  readonly #options: HealthWatchOptions;
  readonly #timer: NodeJS.Timeout;
  #status: string | undefined;
  #told = 0;

  constructor(options: HealthWatchOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.check(), look).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Looks now, and tells when there is something to tell. */
  async check(now = Date.now()): Promise<void> {
    const { bus, metrics, onChange, interval = 30 } = this.#options;
    const health = await this.#options.health();
    const before = this.#status;
    this.#status = health.status;
    const changed = before !== undefined && before !== health.status;
    if (changed) onChange(before, health);
    if (!changed && now - this.#told < interval * 1000) return;
    this.#told = now;
    const at = new Date(now).toISOString();
    const event: EventEnvelope = {
      event_type: 'SystemHealthUpdate',
      timestamp: at,
      data: {
        overall_status: health.status,
        components: Object.fromEntries(
          Object.entries(health.components).map(([name, part]) => [
            name,
            { ...(part as object), last_check: at },
          ]),
        ),
        metrics: await metrics(),
      },
      metadata: { check_interval: interval, next_check: new Date(now + interval * 1000).toISOString() },
    };
    bus.publish(undefined, event);
  }
}
