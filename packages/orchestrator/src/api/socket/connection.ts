import { ClientFrame, type EventEnvelope } from '@provisioning/client';
import { findings } from '@provisioning/service-kit';
import type { WebSocket } from 'ws';
import { compareEventIds } from '../../events/event-id.ts';
import type { ApiService } from '../api-service.ts';
import { Outbox } from './outbox.ts';
import { type Filters, isFilterKey, largestSubscription, Subscriptions } from './subscriptions.ts';

export interface ConnectionOptions {
  readonly events: readonly string[] | undefined;
  readonly batchSize: number;
  readonly lastEventId: string | undefined;
  /** Only this workflow's events; replay is then without a limit. */
  readonly workflow: string | undefined;
  readonly onDropped: (event: EventEnvelope) => void;
}

const frameLimit = 16 * 1024;
const framesPerSecond = 100;
const invalidPerMinute = 10;
/** Journal events replayed for all workflows (13 §8.3). */
const replayLimit = 1000;

/** One client of `/ws`. */
export class Connection {
  readonly #socket: WebSocket;
  readonly #api: ApiService;
  readonly #options: ConnectionOptions;
  readonly #subscriptions: Subscriptions;
  readonly #outbox: Outbox;
  readonly #unsubscribe: () => void;
  #held: EventEnvelope[] | undefined;
  #frames = 0;
  #overSince: number | undefined;
  #windowStart = Date.now();
  #invalid: number[] = [];

  constructor(socket: WebSocket, api: ApiService, options: ConnectionOptions) {
    this.#socket = socket;
    this.#api = api;
    this.#options = options;
    this.#subscriptions = new Subscriptions(options.events);
    this.#outbox = new Outbox(socket, { batchSize: options.batchSize, onDropped: options.onDropped });
    if (options.lastEventId !== undefined) this.#held = [];
    this.#unsubscribe = api.orchestrator.bus.subscribe({
      workflow: options.workflow,
      receive: (event) => this.#receive(event),
    });
    socket.on('message', (data: Buffer) => this.#frame(data));
    socket.on('close', () => this.close());
    socket.on('error', () => this.close());
    if (options.lastEventId !== undefined) void this.#replay(options.lastEventId);
  }

  close(): void {
    this.#unsubscribe();
    this.#outbox.close();
  }

  #receive(event: EventEnvelope): void {
    if (!this.#subscriptions.matches(event)) return;
    // What happens during a replay waits until the past has been told.
    if (this.#held) this.#held.push(event);
    else this.#outbox.push(event);
  }

  async #replay(after: string): Promise<void> {
    let last = after;
    try {
      const tell = (events: readonly EventEnvelope[]) => {
        for (const event of events) {
          if (event.id !== undefined) last = event.id;
          if (this.#subscriptions.matches(event)) this.#outbox.push(event);
        }
      };
      const { workflow } = this.#options;
      if (workflow === undefined) {
        const events = await this.#api.workflows.replay(after, replayLimit);
        if (events) tell(events);
        else this.#error('REPLAY_GAP', `More than ${replayLimit} events lie behind ${after}`);
      } else {
        for (;;) {
          const events = await this.#api.workflows.events(workflow, last, replayLimit);
          tell(events);
          if (events.length < replayLimit) break;
        }
      }
    } catch (error) {
      this.#error('REPLAY_FAILED', (error as Error).message);
    }
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const event of held) {
      if (event.id === undefined || compareEventIds(event.id, last) > 0) this.#outbox.push(event);
    }
    this.#outbox.flush();
    this.#send({ type: 'replay_done', last_event_id: last });
  }

  #frame(data: Buffer): void {
    if (!this.#withinRate()) return;
    let frame: unknown;
    try {
      if (data.length > frameLimit) throw new Error(`Frame larger than ${frameLimit} bytes`);
      frame = JSON.parse(data.toString('utf8'));
    } catch (error) {
      this.#reject('INVALID_MESSAGE', (error as Error).message);
      return;
    }
    const { type, id } = (frame ?? {}) as { type?: unknown; id?: unknown };
    if (!['subscribe', 'unsubscribe', 'auth', 'ping'].includes(String(type))) {
      this.#reject(
        typeof type === 'string' ? 'UNKNOWN_TYPE' : 'INVALID_MESSAGE',
        `Unknown type: ${String(type)}`,
        id,
      );
      return;
    }
    const [wrong] = findings(ClientFrame, frame);
    if (wrong) {
      this.#reject('INVALID_MESSAGE', `${wrong.path || '/'} ${wrong.message}`, id);
      return;
    }
    this.#obey(frame as ClientFrame);
  }

  #obey(frame: ClientFrame): void {
    switch (frame.type) {
      case 'ping':
        this.#send({
          type: 'pong',
          ...(frame.id === undefined ? {} : { id: frame.id }),
          timestamp: new Date().toISOString(),
        });
        return;
      case 'auth':
        this.#send({ type: 'authenticated', user_id: 'local', expires_at: null });
        return;
      case 'unsubscribe':
        this.#subscriptions.remove(frame.events);
        this.#send({ type: 'unsubscribed', events: this.#subscriptions.names });
        return;
      case 'subscribe': {
        const unknown = Object.keys(frame.filters ?? {}).find((key) => !isFilterKey(key));
        if (unknown !== undefined) this.#reject('INVALID_MESSAGE', `Unknown filter: ${unknown}`);
        else if (this.#subscriptions.add(frame.events, frame.filters as Filters | undefined)) {
          this.#send({ type: 'subscribed', events: this.#subscriptions.names });
        } else this.#error('TOO_MANY_SUBSCRIPTIONS', `At most ${largestSubscription} event names`);
      }
    }
  }

  /** 100 frames a second; three seconds above it end the connection (13 §8.6). */
  #withinRate(): boolean {
    const now = Date.now();
    if (now - this.#windowStart >= 1000) {
      if (this.#frames <= framesPerSecond) this.#overSince = undefined;
      this.#windowStart = now;
      this.#frames = 0;
    }
    if (++this.#frames <= framesPerSecond) return true;
    this.#overSince ??= now;
    if (this.#frames === framesPerSecond + 1)
      this.#error('RATE_LIMITED', `More than ${framesPerSecond} frames a second`);
    if (now - this.#overSince > 3000) this.#socket.close(1008, 'flooding');
    return false;
  }

  #reject(code: string, message: string, id?: unknown): void {
    this.#error(code, message, id);
    const now = Date.now();
    this.#invalid = [...this.#invalid.filter((at) => now - at < 60_000), now];
    if (this.#invalid.length >= invalidPerMinute) this.#socket.close(1008, 'invalid frames');
  }

  #error(code: string, message: string, id?: unknown): void {
    this.#send({ type: 'error', code, message, ...(id === undefined ? {} : { id }) });
  }

  #send(frame: object): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(JSON.stringify(frame));
  }
}
