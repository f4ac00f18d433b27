import { ClientFrame, eventAliases, type EventEnvelope } from '@provisioning/client';
import { type Authenticate, findings, type Identity, localAdministrator } from '@provisioning/service-kit';
import type { WebSocket } from 'ws';
import { parseTaskId } from '../../engine/identifiers.ts';
import { compareEventIds } from '../../events/event-id.ts';
import type { ApiService } from '../api-service.ts';
import { logEvent, type LogSelection, matchesLog } from './log-stream.ts';
import { metricEvents, type MetricSelection } from './metric-stream.ts';
import { Outbox } from './outbox.ts';
import { type Filters, isFilterKey, largestSubscription, Subscriptions } from './subscriptions.ts';

/** What a connection is for: events as they come, or one of the streams beside them (13 §8.1). */
export interface StreamOptions {
  readonly name: 'events' | 'metrics' | 'logs';
  readonly logs?: LogSelection;
  readonly metrics?: MetricSelection;
}

export interface ConnectionOptions {
  readonly stream: StreamOptions;
  readonly events: readonly string[] | undefined;
  readonly batchSize: number;
  readonly lastEventId: string | undefined;
  /** Only this workflow's events; replay is then without a limit. */
  readonly workflow: string | undefined;
  readonly onDropped: (event: EventEnvelope) => void;
  /** Absent in solo mode: everybody is the local administrator. */
  readonly authenticate?: Authenticate;
  /** Known already from the upgrade. */
  readonly identity?: Identity;
  /** Counts the connection for its user. */
  readonly admit: (user: string) => void;
}

/** Milliseconds in which a connection without a token must name one (13 §8.2). */
const authenticationTime = 5000;
/** Milliseconds before its end at which a client is told that its token expires. */
const expiryNotice = 60_000;

/** Who may see what (13 §8.5). */
const restricted: Readonly<Record<string, readonly string[]>> = {
  SystemHealthUpdate: ['Admin'],
  ConfigurationChanged: ['Admin'],
  LogEntry: ['Admin', 'Developer'],
};

const frameLimit = 16 * 1024;
const framesPerSecond = 100;
const invalidPerMinute = 10;
/** Journal events replayed for all workflows (13 §8.3). */
const replayLimit = 1000;

/** One client of `/ws`, `/logs` or `/metrics`. */
export class Connection {
  readonly #socket: WebSocket;
  readonly #api: ApiService;
  readonly #options: ConnectionOptions;
  readonly #subscriptions: Subscriptions;
  readonly #outbox: Outbox;
  #unsubscribe: () => void = () => undefined;
  #identity: Identity | undefined;
  #authentication: NodeJS.Timeout | undefined;
  #expiry: NodeJS.Timeout | undefined;
  #notice: NodeJS.Timeout | undefined;
  #metrics: NodeJS.Timeout | undefined;
  #held: EventEnvelope[] | undefined;
  #frames = 0;
  #overSince: number | undefined;
  #windowStart = Date.now();
  #invalid: number[] = [];

  constructor(socket: WebSocket, api: ApiService, options: ConnectionOptions) {
    this.#socket = socket;
    this.#api = api;
    this.#options = options;
    const { name } = options.stream;
    this.#subscriptions = new Subscriptions(
      name === 'logs' ? ['log'] : name === 'metrics' ? ['metric'] : options.events,
    );
    this.#outbox = new Outbox(socket, { batchSize: options.batchSize, onDropped: options.onDropped });
    socket.on('message', (data: Buffer) => this.#frame(data));
    socket.on('close', () => this.close());
    socket.on('error', () => this.close());
    if (options.authenticate && !options.identity) {
      this.#authentication = setTimeout(
        () => socket.close(1008, 'authentication required'),
        authenticationTime,
      );
    } else this.#begin(options.identity ?? localAdministrator);
  }

  /** Nothing is sent before it is known who listens. */
  #begin(identity: Identity): void {
    const { lastEventId, workflow, admit, stream } = this.#options;
    const first = this.#identity === undefined;
    this.#identity = identity;
    clearTimeout(this.#authentication);
    this.#watchExpiry(identity);
    if (!first) return;
    admit(identity.user);
    if (stream.metrics) {
      const tell = () => {
        const { metrics } = this.#api.orchestrator;
        for (const event of metricEvents(metrics.families(), stream.metrics!)) this.#receive(event);
      };
      tell();
      this.#metrics = setInterval(tell, stream.metrics.interval * 1000);
      return;
    }
    if (lastEventId !== undefined || stream.logs) this.#held = [];
    this.#unsubscribe = this.#api.orchestrator.bus.subscribe({
      workflow,
      receive: (event) => this.#receive(event),
    });
    if (stream.logs) void this.#pastLogs(stream.logs);
    else if (lastEventId !== undefined) void this.#replay(lastEventId);
  }

  #watchExpiry({ expiresAt }: Identity): void {
    clearTimeout(this.#expiry);
    clearTimeout(this.#notice);
    if (expiresAt === undefined) return;
    const left = expiresAt - Date.now();
    const tell = () => this.#send({ type: 'token_expiring', expires_at: new Date(expiresAt).toISOString() });
    this.#notice = setTimeout(tell, Math.max(0, left - expiryNotice));
    this.#expiry = setTimeout(() => this.#socket.close(4001, 'token expired'), Math.max(0, left));
  }

  async #authenticate(token: string): Promise<void> {
    const { authenticate } = this.#options;
    try {
      const identity = authenticate ? await authenticate(token) : localAdministrator;
      if (this.#identity !== undefined && identity.user !== this.#identity.user)
        throw new Error('another user');
      this.#begin(identity);
      const expires = identity.expiresAt === undefined ? null : new Date(identity.expiresAt).toISOString();
      this.#send({ type: 'authenticated', user_id: identity.user, expires_at: expires });
    } catch {
      this.#socket.close(1008, 'authentication failed');
    }
  }

  close(): void {
    for (const timer of [this.#authentication, this.#expiry, this.#notice, this.#metrics])
      clearTimeout(timer);
    this.#unsubscribe();
    this.#outbox.close();
  }

  #receive(event: EventEnvelope): void {
    if (!this.#mayRead(event)) return;
    // What happens during a replay waits until the past has been told.
    if (this.#held) this.#held.push(event);
    else this.#outbox.push(event);
  }

  #mayRead(event: EventEnvelope): boolean {
    if (!this.#subscriptions.matches(event)) return false;
    const { logs } = this.#options.stream;
    if (logs && !matchesLog(event, logs)) return false;
    return this.#isAllowed(event.event_type);
  }

  /** The newest lines that the query asks for, then what has been said meanwhile. */
  async #pastLogs(selection: LogSelection): Promise<void> {
    const { logs } = this.#api.orchestrator;
    const { taskId } = selection;
    try {
      const { workflow: id, operation } = taskId === undefined ? {} : await this.#taskOf(taskId);
      const lines = id === undefined ? logs.recent() : await logs.lines(id, 1000);
      const past = lines
        .filter((line) => operation === undefined || line.operation === operation)
        .map((line) => logEvent({ ...line, taskId: operation === undefined ? undefined : taskId }))
        .filter((event) => this.#mayRead(event));
      for (const event of past.slice(past.length - Math.min(selection.tail, past.length))) {
        this.#outbox.push(event);
      }
    } catch (error) {
      this.#error('REPLAY_FAILED', (error as Error).message);
    }
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const event of held) this.#outbox.push(event);
  }

  async #taskOf(taskId: string): Promise<{ workflow?: string; operation?: string }> {
    const { workflow, operation } = parseTaskId(taskId);
    if (operation === undefined) return { workflow };
    const { state } = await this.#api.workflows.live(workflow);
    return { workflow, operation: state.operations[operation]?.plan.id };
  }

  async #replay(after: string): Promise<void> {
    let last = after;
    try {
      const tell = (events: readonly EventEnvelope[]) => {
        for (const event of events) {
          if (event.id !== undefined) last = event.id;
          if (this.#mayRead(event)) this.#outbox.push(event);
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
        void this.#authenticate(frame.token);
        return;
      case 'unsubscribe':
        this.#subscriptions.remove(frame.events);
        this.#send({ type: 'unsubscribed', events: this.#subscriptions.names });
        return;
      case 'subscribe': {
        const unknown = Object.keys(frame.filters ?? {}).find((key) => !isFilterKey(key));
        if (unknown !== undefined) this.#reject('INVALID_MESSAGE', `Unknown filter: ${unknown}`);
        else if (this.#subscriptions.add(this.#allowed(frame.events), frame.filters as Filters | undefined)) {
          this.#subscribed(this.#denied(frame.events));
        } else this.#error('TOO_MANY_SUBSCRIPTIONS', `At most ${largestSubscription} event names`);
      }
    }
  }

  #allowed(names: readonly string[]): string[] {
    return names.flatMap((name) => eventAliases[name] ?? [name]).filter((name) => this.#isAllowed(name));
  }

  #denied(names: readonly string[]): string[] {
    return names.flatMap((name) => eventAliases[name] ?? [name]).filter((name) => !this.#isAllowed(name));
  }

  #isAllowed(name: string): boolean {
    const roles = restricted[name];
    return roles === undefined || (this.#identity?.roles.some((role) => roles.includes(role)) ?? false);
  }

  /** Says from which event on nothing will be missed, so that a client can come back there before it has seen one. */
  #subscribed(denied: readonly string[]): void {
    const { stream } = this.#options;
    const live = stream.name === 'events' && this.#identity !== undefined && this.#held === undefined;
    if (live) this.#outbox.flush();
    this.#send({
      type: 'subscribed',
      events: this.#subscriptions.names.filter((name) => this.#isAllowed(name)),
      ...(denied.length === 0 ? {} : { denied }),
      ...(live ? { last_event_id: String(this.#api.orchestrator.journal.durable) } : {}),
    });
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
