import { RecordCache } from './cache.ts';
import { Emitter } from './emitter.ts';
import type { ProvisioningAPIError } from './errors.ts';
import { Http, type HttpRequest } from './http.ts';
import { isExposed, type ClientOptions, resolveOptions, type ResolvedOptions } from './options.ts';
import type { OperationId } from './operations.ts';
import type { Batch } from './requests.ts';
import { CircuitBreaker } from './resilience.ts';
import type { EventEnvelope } from './schemas/events.ts';
import type { Task } from './schemas/records.ts';
import { type Authenticated, Session } from './session.ts';
import { ProvisioningWebSocket, type SocketOptions } from './socket.ts';

/** Events of a client (14 §5a). Events of the orchestrator come under their own names too. */
export interface ClientEvents {
  authenticated: Authenticated;
  authError: ProvisioningAPIError;
  workflowCreated: { readonly type: 'server' | 'taskserv' | 'cluster'; readonly taskId: string };
  taskProgress: Task;
  batchStarted: Batch;
  websocketConnected: undefined;
  websocketDisconnected: { readonly code: number; readonly reason: string };
  websocketError: Error;
  websocketReconnecting: { readonly attempt: number; readonly max: number; readonly delay: number };
  websocketReconnectFailed: { readonly attempts: number };
  websocketMessage: EventEnvelope;
  taskStatusChanged: unknown;
  workflowProgress: unknown;
  systemHealthUpdate: unknown;
  batchUpdate: unknown;
  logEntry: unknown;
  metricUpdate: unknown;
  slowRequest: { readonly method: string; readonly path: string; readonly ms: number };
  handlerError: unknown;
}

export interface ConnectOptions extends Pick<
  SocketOptions,
  'batchSize' | 'compression' | 'stream' | 'tokenInQuery' | 'retryInitial' | 'query'
> {
  readonly filters?: Readonly<Record<string, unknown>>;
}

const aliases: Readonly<Record<string, keyof ClientEvents>> = {
  TaskStatusChanged: 'taskStatusChanged',
  WorkflowProgressUpdate: 'workflowProgress',
  SystemHealthUpdate: 'systemHealthUpdate',
  BatchOperationUpdate: 'batchUpdate',
  LogEntry: 'logEntry',
  MetricUpdate: 'metricUpdate',
};

/** A page's own agent is the browser's; setting it makes every request ask for permission first. */
const inBrowser = 'document' in globalThis;

/** Milliseconds from which on a request is told as slow. */
const slow = 5000;

/** What every client has: options, session, HTTP, one WebSocket, events. */
export class ConnectedClient extends Emitter<ClientEvents> implements AsyncDisposable {
  readonly #options: ResolvedOptions;
  readonly #http: Http;
  readonly #session: Session;
  readonly #cache: RecordCache<unknown> | undefined;
  #socket: ProvisioningWebSocket | undefined;

  constructor(given: ClientOptions) {
    super();
    const options = resolveOptions(given);
    this.#options = options;
    const { logger, fetch, cache, signal } = options;
    if (isExposed(options)) logger?.warn('Credentials are sent over an unencrypted connection');
    if (cache) this.#cache = new RecordCache(cache === true ? {} : cache);
    const common = {
      ...(fetch ? { fetch } : {}),
      headers: {
        ...(inBrowser && options.userAgent === undefined
          ? {}
          : { 'user-agent': options.userAgent ?? 'ProvisioningClient/1' }),
        ...(options.apiVersion === 'auto' ? {} : { 'api-version': options.apiVersion }),
        ...options.headers,
      },
    };
    this.#session = new Session({
      credentials: options,
      timeout: options.authTimeout,
      http: new Http({
        ...common,
        endpoint: options.authUrl,
        retry: false,
        clean: (text) => this.#session.clean(text),
        onAnswer: (_request, answer) => this.#session.observeClock(answer.headers.get('date')),
      }),
      onAuthenticated: (authenticated) => this.emit('authenticated', authenticated),
      onError: (error) => this.emit('authError', error),
    });
    const http = new Http({
      ...common,
      endpoint: options.baseUrl,
      timeout: options.timeout,
      ...(options.retry === undefined ? {} : { retry: options.retry }),
      token: () => this.#session.token(),
      clean: this.#session.clean,
      onUnauthorized: (token) => this.#session.refused(token),
      onRefused: (error) => this.emit('authError', error),
      onAnswer: (request, answer, ms) => this.#answered(request, answer, ms),
    });
    const breaker = options.circuitBreaker
      ? new CircuitBreaker(options.circuitBreaker === true ? {} : options.circuitBreaker)
      : undefined;
    if (breaker) http.around((work) => breaker.execute(work));
    this.#http = http;
    this.on('handlerError', (error) =>
      logger?.error(`A handler failed: ${(error as Error).message ?? 'unknown'}`),
    );
    signal?.addEventListener('abort', () => void this.close(), { once: true });
  }

  /** A valid token: the held one, a renewed one, or that of a login (14 §3). */
  authenticate(options?: { readonly force?: boolean }): Promise<string> {
    return this.#session.authenticate(options);
  }

  async logout(): Promise<void> {
    this.#cache?.clear();
    await this.disconnectWebSocket();
    await this.#session.logout();
  }

  get isWebSocketOpen(): boolean {
    return this.#socket?.isOpen ?? false;
  }

  /** Opens the WebSocket, or adds event types to the open one. Rejects when the first connection fails. */
  async connectWebSocket(types?: readonly string[], options: ConnectOptions = {}): Promise<void> {
    if (this.#socket?.isOpen) {
      if (types) this.#socket.subscribe(types, options.filters);
      return;
    }
    const { filters, ...rest } = options;
    const {
      wsUrl,
      reconnect,
      reconnectInterval,
      maxReconnectAttempts,
      heartbeatInterval,
      WebSocket,
      logger,
    } = this.#options;
    const token = (renew: boolean) =>
      this.#session.hasMeans ? this.#session.authenticate({ force: renew }) : Promise.resolve(undefined);
    const socket = new ProvisioningWebSocket(wsUrl, token, {
      ...rest,
      ...(reconnect === undefined ? {} : { reconnect }),
      ...(reconnectInterval === undefined ? {} : { reconnectInterval }),
      ...(maxReconnectAttempts === undefined ? {} : { maxReconnectAttempts }),
      ...(heartbeatInterval === undefined ? {} : { heartbeatInterval }),
      ...(WebSocket ? { WebSocket } : {}),
      ...(logger ? { logger } : {}),
    });
    if (types) socket.subscribe(types, filters);
    this.#forward(socket);
    this.#socket = socket;
    await socket.connect();
  }

  async disconnectWebSocket(): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    await socket?.disconnect();
  }

  subscribe(types: readonly string[], filters?: Readonly<Record<string, unknown>>): void {
    this.#socket?.subscribe(types, filters);
  }

  unsubscribe(types: readonly string[]): void {
    this.#socket?.unsubscribe(types);
  }

  /** Events as they come, of all types or some; ends when the loop is left. */
  async *events(types?: readonly string[]): AsyncGenerator<EventEnvelope> {
    const queue: EventEnvelope[] = [];
    let wake: () => void = () => undefined;
    const listener = (event: EventEnvelope) => {
      if (types && !types.includes(event.event_type)) return;
      queue.push(event);
      wake();
    };
    this.on('websocketMessage', listener);
    try {
      for (;;) {
        const event = queue.shift();
        if (event) yield event;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      this.off('websocketMessage', listener as never);
    }
  }

  /** Ends sockets and timers. */
  async close(): Promise<void> {
    await this.disconnectWebSocket();
    this.#cache?.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Where requests go, without anything secret: it may be looked at. */
  protected get place(): { readonly baseUrl: string; readonly workspace: string | undefined } {
    const { baseUrl, workspace } = this.#options;
    return { baseUrl, workspace };
  }

  protected get http(): Http {
    return this.#http;
  }

  protected get cache(): RecordCache<unknown> | undefined {
    return this.#cache;
  }

  /** Warns of an answer that is not as described, where that is wanted and somebody listens. */
  protected check(operation: OperationId, data: unknown): void {
    const { validateResponses, logger } = this.#options;
    const found = logger && validateResponses ? validateResponses(operation, data).slice(0, 3) : [];
    if (found.length > 0) logger?.warn(`The answer to ${operation} is not as described: ${found.join('; ')}`);
  }

  /** Records of different users never meet. */
  protected cacheKey(kind: string, id: string): string {
    return [kind, this.#session.user ?? '', this.#options.workspace ?? '', id].join('\0');
  }

  #answered(request: HttpRequest, answer: Response, milliseconds: number): void {
    this.#session.observeClock(answer.headers.get('date'));
    if (milliseconds < slow) return;
    this.emit('slowRequest', { method: request.method, path: request.path, ms: Math.round(milliseconds) });
  }

  #forward(socket: ProvisioningWebSocket): void {
    socket
      .on('connected', () => this.emit('websocketConnected', undefined))
      .on('disconnected', (closed) => this.emit('websocketDisconnected', closed))
      .on('error', (error) => this.emit('websocketError', error))
      .on('reconnecting', (attempt) => this.emit('websocketReconnecting', attempt))
      .on('reconnectFailed', (failed) => this.emit('websocketReconnectFailed', failed))
      .on('message', (event) => {
        this.emit(event.event_type, event);
        this.emit('websocketMessage', event);
        const alias = aliases[event.event_type];
        if (alias) this.emit(alias, event.data as never);
      });
  }
}
