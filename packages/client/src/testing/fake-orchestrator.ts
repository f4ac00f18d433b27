import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { operations } from '../operations.ts';
import { ClientFrame, type EventEnvelope } from '../schemas/events.ts';
import { validate } from '../schemas/index.ts';
import type { Task } from '../schemas/records.ts';
import { OperationDefinition } from '../schemas/workflow.ts';

/** A scripted orchestrator for tests of users of this library (14 §10). Needs the package `ws`. */

export interface Behaviour {
  /** Which requests: part of `METHOD /path`. */
  readonly on: string | RegExp;
  /** Milliseconds before the answer. */
  readonly delay?: number;
  /** Status instead of the usual answer. */
  readonly status?: number;
  readonly code?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Data instead of the usual ones. */
  readonly data?: unknown;
  /** Breaks the connection instead of answering. */
  readonly drop?: boolean;
  /** How often; default always. */
  readonly times?: number;
}

export interface FakeOptions {
  readonly tasks?: readonly Partial<Task>[];
  readonly behaviours?: readonly Behaviour[];
  /** Passwords by user; where there are any, requests need a token. */
  readonly users?: Readonly<Record<string, string>>;
  /** Seconds that a token is good for; default 900. */
  readonly tokenLifetime?: number;
}

export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: any;
}

export interface FakeOrchestrator extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly FakeRequest[];
  /** Addresses of the WebSockets opened so far, with the token of each. */
  readonly connections: readonly { readonly query: URLSearchParams; readonly token: string | undefined }[];
  readonly frames: readonly ClientFrame[];
  readonly tokens: ReadonlySet<string>;
  readonly sockets: number;
  behave(behaviour: Behaviour): void;
  /** Makes or changes a task, and tells the sockets of a change of its status. */
  setTask(task: Partial<Task> & { readonly id: string }): Task;
  /** Journals an event and sends it; several go as one batch. */
  send(...events: readonly (Pick<EventEnvelope, 'event_type' | 'data'> & { readonly id?: string })[]): void;
  sendFrame(frame: object): void;
  /** 1006 breaks the connection, any other code closes it. */
  dropSockets(code?: number): void;
  /** No token is good any more. */
  expireTokens(): void;
  count(on: string | RegExp): number;
  close(): Promise<void>;
}

const now = () => new Date().toISOString();
const identifier = () => globalThis.crypto.randomUUID();

export async function startFakeOrchestrator(options: FakeOptions = {}): Promise<FakeOrchestrator> {
  const { users = {}, tokenLifetime = 900 } = options;
  const behaviours = (options.behaviours ?? []).map((behaviour) => ({ ...behaviour, left: behaviour.times }));
  const tasks = new Map<string, Task>();
  const byKey = new Map<string, unknown>();
  const requests: FakeRequest[] = [];
  const connections: { query: URLSearchParams; token: string | undefined }[] = [];
  const frames: ClientFrame[] = [];
  const tokens = new Set<string>();
  const refreshTokens = new Map<string, string>();
  const journal: EventEnvelope[] = [];
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (names) => (names.has('provisioning.v1') ? 'provisioning.v1' : false),
  });

  const routes: readonly (readonly [string, (request: FakeRequest, id: string) => unknown])[] = [
    ['POST /auth/login', ({ body }) => login(body)],
    ['POST /auth/refresh', ({ body }) => refresh(body)],
    ['POST /auth/logout', () => undefined],
    ['GET /tasks', ({ path }) => listed(path)],
    ['GET /tasks/{id}', (_request, id) => tasks.get(id) ?? notFound(`Task not found: ${id}`)],
    [
      'POST /tasks/{id}/cancel',
      (_request, id) => fake.setTask({ id, status: 'Cancelled' }) && 'Task cancelled',
    ],
    ['POST /workflows/servers/create', (request) => created(request, 'server')],
    ['POST /workflows/taskserv/create', (request) => created(request, 'taskserv')],
    ['POST /workflows/cluster/create', (request) => created(request, 'cluster')],
    ['POST /workflows/submit', (request) => ({ task_id: created(request, 'custom'), status: 'queued' })],
    ['POST /batch/execute', (request) => batch(request)],
    ['GET /batch/operations/{id}', (_request, id) => ({ batch_id: id, ...tasks.get(id), operations: [] })],
    ['POST /events', () => 'Event accepted'],
  ];

  const server = createServer((request, response) => void answer(request, response));
  server.on('upgrade', (request, socket, head) => {
    const query = new URL(request.url ?? '/', 'http://localhost').searchParams;
    const protocols = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    const token = query.get('token') ?? protocols.find((name) => name.startsWith('bearer.'))?.slice(7);
    if (Object.keys(users).length > 0 && (token === undefined || !tokens.has(token))) {
      socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 12\r\n\r\nUnauthorized');
      return;
    }
    if (scripted(`GET ${request.url}`)?.drop) {
      socket.destroy();
      return;
    }
    connections.push({ query, token });
    sockets.handleUpgrade(request, socket, head, (client) => opened(client, query));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const fake: FakeOrchestrator = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    connections,
    frames,
    tokens,
    get sockets() {
      return sockets.clients.size;
    },
    behave: (behaviour) => void behaviours.push({ ...behaviour, left: behaviour.times }),
    setTask(change) {
      const before = tasks.get(change.id);
      const task = { ...(before ?? newTask(change.id)), ...change, updated_at: now() };
      tasks.set(change.id, task);
      if (before && before.status !== task.status) {
        const { id, name, status, phase, progress } = task;
        const data = {
          task_id: id,
          workflow_id: id,
          name,
          status,
          phase,
          progress,
          previous_status: before.status,
        };
        fake.send({ event_type: 'TaskStatusChanged', data });
      }
      return task;
    },
    send(...events) {
      const envelopes = events.map(({ id, event_type, data }) => {
        const event = {
          id: id ?? `${journal.length + 1}-0`,
          event_type,
          timestamp: now(),
          data,
          metadata: {},
        };
        journal.push(event);
        return event;
      });
      fake.sendFrame(
        envelopes.length === 1 ? envelopes[0]! : { type: 'batch', timestamp: now(), events: envelopes },
      );
    },
    sendFrame(frame) {
      for (const client of sockets.clients) client.send(JSON.stringify(frame));
    },
    dropSockets(code = 1006) {
      for (const client of sockets.clients) {
        if (code === 1006) client.terminate();
        else client.close(code, 'scripted');
      }
    },
    expireTokens: () => tokens.clear(),
    count: (on) => requests.filter(({ method, path }) => matches(on, `${method} ${path}`)).length,
    async close() {
      for (const client of sockets.clients) client.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
    [Symbol.asyncDispose]: () => fake.close(),
  };
  for (const task of options.tasks ?? []) fake.setTask({ id: identifier(), ...task });
  return fake;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const path = (request.url ?? '/').replace(/^\/(api\/)?v1/, '');
    const { method = 'GET', headers } = request;
    const recorded: FakeRequest = { method, path, headers, body: text === '' ? undefined : JSON.parse(text) };
    requests.push(recorded);
    const behaviour = scripted(`${method} ${path}`);
    if (behaviour?.delay !== undefined) await new Promise((resolve) => setTimeout(resolve, behaviour.delay));
    if (behaviour?.drop) {
      request.socket.destroy();
      return;
    }
    try {
      if (behaviour?.status !== undefined)
        throw new Failure(behaviour.status, behaviour.code ?? 'SCRIPTED', 'scripted');
      if (path === '/health') {
        reply(response, 200, { success: true, status: 'healthy', data: 'Orchestrator is healthy' });
        return;
      }
      checkToken(recorded);
      const key = headers['idempotency-key'] as string | undefined;
      const name = `${method} ${path} ${key ?? ''}`;
      const known = key !== undefined && byKey.has(name);
      const data = behaviour?.data ?? (known ? byKey.get(name) : route(recorded));
      if (key !== undefined) byKey.set(name, data);
      const page = data instanceof Page ? data : undefined;
      const metadata = { timestamp: now(), request_id: 'fake', version: '0.0.0' };
      reply(
        response,
        method === 'POST' ? 202 : 200,
        { success: true, data: page?.items ?? data, metadata },
        page?.headers,
      );
    } catch (error) {
      const { status = 500, code = 'INTERNAL', message, details } = error as Failure;
      const body = { success: false, error: { code, message, details }, metadata: { request_id: 'fake' } };
      reply(response, status, body, behaviour?.headers);
    }
  }

  function route(request: FakeRequest): unknown {
    const [path] = request.path.split('?');
    const called = `${request.method} ${path}`;
    if (path === '/api/versions') return { service: 'fake', api: { levels: ['v1', 'v2', 'v3'] } };
    // Longer patterns first: /tasks/{id}/cancel is not /tasks/{id}.
    for (const [pattern, handle] of routes) {
      const found = new RegExp(`^${pattern.replaceAll('{id}', '([^/]+)')}$`).exec(called);
      if (found) return handle(request, decodeURIComponent(found[1] ?? ''));
    }
    const known = Object.values(operations).some(([, template]) => template.endsWith(path!));
    return notFound(known ? `Not scripted: ${called}` : `No such path: ${called}`);
  }

  function checkToken({ path, headers }: FakeRequest): void {
    if (Object.keys(users).length === 0 || path.startsWith('/auth/') || path.startsWith('/api/versions'))
      return;
    const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
    if (token !== undefined && tokens.has(token)) return;
    throw new Failure(401, token === undefined ? 'UNAUTHORIZED' : 'TOKEN_EXPIRED', 'Token expired');
  }

  function login({ username, password }: { username: string; password: string }): unknown {
    if (users[username] !== password) throw new Failure(401, 'UNAUTHORIZED', `Wrong password '${password}'`);
    return issue(username);
  }

  function refresh({ refresh_token }: { refresh_token: string }): unknown {
    const user = refreshTokens.get(refresh_token);
    if (user === undefined) throw new Failure(401, 'TOKEN_INVALID', 'Refresh token is not valid');
    return issue(user);
  }

  function issue(user: string): unknown {
    const claims = { sub: user, exp: Math.floor(Date.now() / 1000) + tokenLifetime, jti: identifier() };
    const token = ['fake', encode(claims), 'fake'].join('.');
    const refresh_token = identifier();
    tokens.add(token);
    refreshTokens.set(refresh_token, user);
    return { token, refresh_token, expires_in: tokenLifetime, user: { username: user } };
  }

  function created({ body }: FakeRequest, type: string): string {
    if (type !== 'custom' && typeof body?.infra !== 'string') {
      const details = [{ path: '/infra', message: 'must be a string' }];
      throw new Failure(422, 'VALIDATION_FAILED', '/infra must be a string', details);
    }
    return fake.setTask({ id: identifier(), name: body.name ?? type, type, infra: body.infra }).id;
  }

  function batch({ body }: FakeRequest): unknown {
    for (const operation of body?.operations ?? []) {
      const checked = validate(OperationDefinition, operation);
      if (!checked.valid) throw new Failure(422, 'VALIDATION_FAILED', 'operations', checked.findings);
    }
    const { id } = fake.setTask({ id: identifier(), type: 'batch' });
    const pending = { status: 'Pending', progress: 0 };
    const operations = body.operations.map((operation: { id: string }) => ({ id: operation.id, ...pending }));
    return { batch_id: id, status: 'Pending', operations };
  }

  function listed(path: string): Page {
    const query = new URL(path, 'http://localhost').searchParams;
    const status = query.get('status')?.toLowerCase();
    const all = [...tasks.values()].filter(
      (task) => status === undefined || task.status.toLowerCase() === status,
    );
    const limit = Number(query.get('limit') ?? 50);
    const offset = Number(query.get('offset') ?? 0);
    const next = offset + limit < all.length;
    return new Page(all.slice(offset, offset + limit), {
      'x-total-count': String(all.length),
      ...(next ? { link: `</api/v1/tasks?offset=${offset + limit}&limit=${limit}>; rel="next"` } : {}),
    });
  }

  function opened(client: WebSocket, query: URLSearchParams): void {
    const after = query.get('last_event_id');
    if (after !== null) {
      const missed = journal.slice(Math.max(0, journal.findIndex(({ id }) => id === after) + 1));
      if (missed.length > 0) client.send(JSON.stringify({ type: 'batch', timestamp: now(), events: missed }));
    }
    client.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as ClientFrame;
      const checked = validate(ClientFrame, frame);
      if (!checked.valid) {
        client.send(JSON.stringify({ type: 'error', code: 'INVALID_MESSAGE', message: 'not a frame' }));
        return;
      }
      frames.push(frame);
      if (frame.type === 'ping') client.send(JSON.stringify({ type: 'pong', timestamp: now() }));
      if (frame.type === 'subscribe')
        client.send(JSON.stringify({ type: 'subscribed', events: frame.events }));
      if (frame.type === 'auth')
        client.send(JSON.stringify({ type: 'authenticated', user_id: 'x', expires_at: null }));
    });
  }

  function scripted(called: string): Behaviour | undefined {
    const found = behaviours.find(({ on, left }) => left !== 0 && matches(on, called));
    if (found?.left !== undefined) found.left--;
    return found;
  }
}

class Failure extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: unknown;

  constructor(status: number, code: string, message: string, details?: unknown) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

class Page {
  readonly items: readonly unknown[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(items: readonly unknown[], headers: Readonly<Record<string, string>>) {
    this.items = items;
    this.headers = headers;
  }
}

function matches(on: string | RegExp, called: string): boolean {
  return typeof on === 'string' ? called.includes(on) : on.test(called);
}

function notFound(message: string): never {
  throw new Failure(404, 'NOT_FOUND', message);
}

function reply(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const common = { 'content-type': 'application/json', 'x-request-id': 'fake' };
  response.writeHead(status, { ...common, ...headers }).end(JSON.stringify(body));
}

function encode(claims: object): string {
  return btoa(JSON.stringify(claims)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function newTask(id: string): Task {
  const at = now();
  return {
    id,
    name: 'task',
    type: 'server',
    command: '',
    args: [],
    dependencies: [],
    root_id: id,
    priority: 50,
    status: 'Pending',
    phase: 'queued',
    progress: 0,
    attempt: 1,
    max_attempts: 1,
    created_at: at,
    updated_at: at,
    labels: {},
  };
}
