import { Emitter } from './emitter.ts';
import { ConfigurationError, NetworkError, ProvisioningAPIError } from './errors.ts';
import type { EventEnvelope } from './schemas/events.ts';
import { background } from './timing.ts';

export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export interface SocketOptions {
  readonly reconnect?: boolean;
  /** Milliseconds before the first new attempt; grows by half each time, up to a minute. Default 5000. */
  readonly reconnectInterval?: number;
  readonly maxReconnectAttempts?: number;
  /** Milliseconds between pings; no frame for twice as long ends the connection. Default 30000. */
  readonly heartbeatInterval?: number;
  readonly stream?: 'events' | 'metrics' | 'logs';
  /** Events at once in a frame; default 10. */
  readonly batchSize?: number;
  readonly compression?: boolean;
  readonly query?: Readonly<Record<string, string | number>>;
  /** The token in the address instead of the subprotocol; only where a proxy drops that. */
  readonly tokenInQuery?: boolean;
  /** Also the first connection is tried again. */
  readonly retryInitial?: boolean;
  readonly WebSocket?: typeof WebSocket;
  readonly logger?: Logger;
}

export interface SocketEvents {
  connected: undefined;
  disconnected: { readonly code: number; readonly reason: string };
  error: Error;
  message: EventEnvelope;
  reconnecting: { readonly attempt: number; readonly max: number; readonly delay: number };
  reconnectFailed: { readonly attempts: number };
  handlerError: unknown;
}

/** A token, or where to get one; `renew` asks for another than the last. */
export type TokenSource = string | ((renew: boolean) => Promise<string | undefined>);

type Filters = Readonly<Record<string, unknown>>;

interface Frame {
  readonly type?: string;
  readonly events?: readonly EventEnvelope[];
  readonly code?: string;
  readonly message?: string;
  readonly id?: unknown;
  readonly last_event_id?: string;
}

/** Milliseconds in which a server answers a subscription. */
const answerTime = 1000;
const longestWait = 60_000;
const growth = 1.5;
/** Ids of events remembered, so that none is told twice after a replay. */
const remembered = 1000;
const paths = { events: '/ws', metrics: '/metrics', logs: '/logs' } as const;
/** Closes that a new token may cure. */
const needsToken: ReadonlySet<number> = new Set([1008, 4001]);

/**
 * One WebSocket to an orchestrator (14 §5a): heartbeat, reconnection with what was subscribed, and the events that came
 * meanwhile. Every event is told by its own name, then as `message`.
 */
export class ProvisioningWebSocket extends Emitter<SocketEvents> {
  readonly #base: string;
  readonly #token: TokenSource;
  readonly #options: SocketOptions;
  readonly #names = new Set<string>();
  readonly #filters: { readonly events: readonly string[]; readonly filters: Filters }[] = [];
  readonly #seen = new Set<string>();
  #socket: WebSocket | undefined;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #waiting: ReturnType<typeof setTimeout> | undefined;
  #lastFrame = 0;
  #lastEventId: string | undefined;
  #attempts = 0;
  #refusals = 0;
  #wanted = false;
  #ready: () => void = () => undefined;

  constructor(baseUrl: string, token: TokenSource = async () => undefined, options: SocketOptions = {}) {
    super();
    if (!/^(ws|http)s?:\/\//.test(baseUrl)) {
      throw new ConfigurationError({
        code: 'CONFIGURATION_ERROR',
        message: `Invalid WebSocket address '${baseUrl}': expected one such as ws://localhost:9090`,
      });
    }
    this.#base = baseUrl.replace(/^http/, 'ws').replace(/\/+$/, '').replace(/\/ws$/, '');
    this.#token = token;
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === 1;
  }

  /** Names subscribed to; empty for the server's standard set. */
  get subscriptions(): readonly string[] {
    return [...this.#names];
  }

  /** Resolves when it is open; rejects when the first connection fails, unless `retryInitial`. */
  async connect(): Promise<void> {
    if (this.isOpen) return;
    this.#wanted = true;
    this.#attempts = 0;
    try {
      await this.#open(false);
    } catch (error) {
      if (!this.#options.retryInitial) {
        this.#wanted = false;
        throw error;
      }
      this.#retry();
      await new Promise<void>((resolve, reject) => {
        this.once('connected', () => resolve());
        this.once('reconnectFailed', () => reject(error as Error));
      });
    }
  }

  /** Closes with 1000 and stays closed until `connect`. */
  async disconnect(): Promise<void> {
    this.#wanted = false;
    clearTimeout(this.#waiting);
    const socket = this.#socket;
    if (!socket || socket.readyState === 3) return;
    await new Promise<void>((resolve) => {
      socket.addEventListener('close', () => resolve());
      socket.close(1000, 'client disconnects');
    });
  }

  /** Adds events; kept over reconnections. Before the connection is open it counts from then on. */
  subscribe(events: readonly string[], filters?: Filters): void {
    for (const name of events) this.#names.add(name);
    if (filters) this.#filters.push({ events, filters });
    if (this.isOpen) this.send({ type: 'subscribe', events, ...(filters ? { filters } : {}) });
  }

  /** An empty list is all of them. */
  unsubscribe(events: readonly string[]): void {
    for (const name of events.length === 0 ? [...this.#names] : events) this.#names.delete(name);
    if (this.isOpen) this.send({ type: 'unsubscribe', events });
  }

  /** A frame of the caller's own; dropped with a warning while the connection is closed. */
  send(frame: object): void {
    if (this.isOpen) this.#socket!.send(JSON.stringify(frame));
    else this.#options.logger?.warn('WebSocket not connected, message not sent');
  }

  async #open(renewToken: boolean): Promise<void> {
    const token = typeof this.#token === 'string' ? this.#token : await this.#token(renewToken);
    if (!this.#wanted) return;
    const Socket = this.#options.WebSocket ?? globalThis.WebSocket;
    const inQuery = this.#options.tokenInQuery === true;
    const protocols = ['provisioning.v1'];
    if (token !== undefined && !inQuery) protocols.push(`bearer.${token}`);
    const socket = new Socket(this.#address(inQuery ? token : undefined), protocols);
    this.#socket = socket;
    await new Promise<void>((resolve, reject) => {
      let open = false;
      socket.addEventListener('open', () => {
        open = true;
        // The answer says from where on nothing is missed; a server that does not answer is waited for a moment only.
        const patience = setTimeout(resolve, answerTime);
        this.#ready = () => {
          clearTimeout(patience);
          resolve();
        };
        this.#began();
      });
      socket.addEventListener('message', (event) => this.#frame(String(event.data)));
      socket.addEventListener('close', ({ code, reason }) => {
        if (!open) reject(failedToOpen(this.#base));
        else {
          this.#ready();
          if (this.#socket === socket) this.#lost(code, reason);
        }
      });
      // Followed by close, which says all that there is to say.
      socket.addEventListener('error', () => undefined);
    });
  }

  #address(token: string | undefined): string {
    const { stream = 'events', batchSize, compression, query = {} } = this.#options;
    const url = new URL(this.#base + paths[stream]);
    const set = (name: string, value: unknown) => {
      if (value !== undefined) url.searchParams.set(name, String(value));
    };
    for (const [name, value] of Object.entries(query)) set(name, value);
    if (stream === 'events' && this.#names.size > 0) set('events', [...this.#names].join(','));
    set('batch_size', batchSize);
    set('compression', compression);
    set('last_event_id', this.#lastEventId);
    set('token', token);
    return url.href;
  }

  #began(): void {
    this.#attempts = 0;
    this.#lastFrame = Date.now();
    const open = new Set(this.#names);
    for (const { events, filters } of this.#filters) {
      const wanted = events.filter((name) => this.#names.has(name));
      if (wanted.length > 0) this.send({ type: 'subscribe', events: wanted, filters });
      for (const name of wanted) open.delete(name);
    }
    if (open.size > 0 || this.#names.size === 0) this.send({ type: 'subscribe', events: [...open] });
    const { heartbeatInterval = 30_000 } = this.#options;
    clearInterval(this.#heartbeat);
    this.#heartbeat = background(setInterval(() => this.#beat(2 * heartbeatInterval), heartbeatInterval));
    this.emit('connected', undefined);
  }

  #beat(silence: number): void {
    if (Date.now() - this.#lastFrame >= silence) {
      // Nobody may be there to answer a close: it counts as lost now.
      const socket = this.#socket;
      this.#lost(1006, 'no answer');
      socket?.close(4000, 'no answer');
      return;
    }
    this.send({ type: 'ping' });
  }

  #lost(code: number, reason: string): void {
    clearInterval(this.#heartbeat);
    this.#socket = undefined;
    this.emit('disconnected', { code, reason });
    if (!this.#wanted || code === 1000 || this.#options.reconnect === false) {
      this.#wanted = false;
      return;
    }
    if (code === 1008 && ++this.#refusals > 1) {
      this.#wanted = false;
      this.emit(
        'error',
        new ProvisioningAPIError({ code: 'POLICY', message: `Closed by the server: ${reason}` }),
      );
      return;
    }
    this.#retry(needsToken.has(code));
  }

  #retry(renewToken = false): void {
    const { reconnectInterval = 5000, maxReconnectAttempts: max = 10 } = this.#options;
    if (this.#attempts >= max) {
      this.#wanted = false;
      this.emit('reconnectFailed', { attempts: this.#attempts });
      return;
    }
    const grown = Math.min(reconnectInterval * growth ** this.#attempts, longestWait);
    const delay = Math.round(grown * (0.8 + Math.random() * 0.4));
    this.#attempts++;
    this.emit('reconnecting', { attempt: this.#attempts, max, delay });
    this.#waiting = setTimeout(() => {
      this.#open(renewToken).catch((error: unknown) => {
        this.emit('error', error as Error);
        if (this.#wanted) this.#retry(renewToken);
      });
    }, delay);
  }

  #frame(text: string): void {
    this.#lastFrame = Date.now();
    let frame: Frame & Partial<EventEnvelope>;
    try {
      frame = JSON.parse(text) as typeof frame;
    } catch {
      this.emit('error', new ProvisioningAPIError({ code: 'PROTOCOL_ERROR', message: 'Frame is not JSON' }));
      return;
    }
    switch (frame.type) {
      case undefined:
        this.#event(frame as unknown as EventEnvelope);
        return;
      case 'batch':
        for (const event of frame.events ?? []) this.#event(event);
        return;
      case 'error': {
        const { code = 'UNKNOWN', message = code } = frame;
        this.emit('error', new ProvisioningAPIError({ code, message }));
        return;
      }
      case 'token_expiring':
        void this.#renew();
        return;
      case 'subscribed':
        if (frame.last_event_id !== undefined) this.#lastEventId = frame.last_event_id;
        this.#ready();
        this.#refusals = 0;
        return;
      case 'authenticated':
        this.#refusals = 0;
    }
  }

  #event(event: EventEnvelope): void {
    const { id } = event;
    if (id !== undefined) {
      if (this.#seen.has(id)) return;
      this.#seen.add(id);
      if (this.#seen.size > remembered) this.#seen.delete(this.#seen.values().next().value!);
      this.#lastEventId = id;
    }
    this.#refusals = 0;
    this.emit(event.event_type, event);
    this.emit('message', event);
  }

  async #renew(): Promise<void> {
    try {
      const token = typeof this.#token === 'string' ? this.#token : await this.#token(true);
      if (token !== undefined) this.send({ type: 'auth', token });
    } catch (error) {
      this.emit('error', error as Error);
    }
  }
}

function failedToOpen(base: string): NetworkError {
  const { hostname, host } = new URL(base);
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  return new NetworkError({
    code: 'WEBSOCKET_FAILED',
    message: `WebSocket to ${host} could not be opened`,
    retryable: true,
    ...(loopback ? { hint: 'provisioning orchestrator start' } : {}),
  });
}
