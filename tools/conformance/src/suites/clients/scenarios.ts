import { createHmac } from 'node:crypto';
import type { Behaviour, FakeOptions } from '../../../../../packages/client/src/testing/fake-orchestrator.ts';

/** One thing that happens: at the scripted orchestrator, or in the client through its driver. */
export type Step =
  | { readonly behave: Behaviour }
  | { readonly task: { readonly id: string; readonly status: string } }
  | { readonly send: readonly { readonly id?: string; readonly event_type: string; readonly data: object }[] }
  | { readonly drop: number }
  | { readonly expire: true }
  /** A command of the driver; `begin` goes on before it has ended. */
  | (Command & { readonly call: string; readonly atLeast?: number })
  | (Command & { readonly begin: string })
  | (Expected & { readonly end: true })
  /** Requests so far that hold these words. */
  | { readonly count: string; readonly is: number }
  /** All requests that hold these words carry the same key. */
  | { readonly sameKey: string; readonly times: number }
  | { readonly connections: number; readonly query?: readonly string[] }
  /** The tokens of the newest two connections differ. */
  | { readonly newToken: true }
  | { readonly frame: string };

interface Expected {
  /** What the answer holds at least. */
  readonly gives?: unknown;
  /** Class of the error, and what it holds at least. */
  readonly fails?: string;
  readonly with_?: Readonly<Record<string, unknown>>;
  /** Words that the answer must not hold. */
  readonly without?: readonly string[];
}

interface Command extends Expected {
  readonly args?: Readonly<Record<string, unknown>>;
}

/** A point of 14 §9 that every client has to pass. */
export interface Scenario {
  readonly point: number;
  readonly name: string;
  readonly server?: FakeOptions;
  readonly steps: readonly Step[];
}

const password = 'correct horse';
const users = { ada: password };
const login = { username: 'ada', password };
const quick = { retry_delay: 0.01, reconnect_interval: 0.02, heartbeat_interval: 0.2 };
const one = [{ id: 't', status: 'Running' as const }];
const task = { call: 'task', args: { id: 't' }, gives: { id: 't' } };

const refused = (status: number, code: string, fails: string, more: Behaviour['headers'] = {}): Step[] => [
  { behave: { on: 'GET /tasks/t', status, code, headers: more, times: 1 } },
  { call: 'task', args: { id: 't' }, fails, with_: { status, code, request_id: 'fake' } },
];

const changed = (id: string) => ({ id, event_type: 'TaskStatusChanged', data: { task_id: id } });

const batch = (operation: object) => ({
  name: 'two',
  version: '1.0.0',
  operations: [{ id: 'a', type: 'server_batch', provider: 'local', ...operation }],
});

const body = JSON.stringify({
  event: 'workflow.completed',
  timestamp: '2026-01-02T03:04:05Z',
  data: { n: 1 },
});
const hmac = (text: string) => createHmac('sha256', 'shared').update(text).digest('hex');
const signed = (text: string, now: number) => ({
  body: text,
  secret: 'shared',
  headers: { 'X-Provisioning-Signature': `t=1000,v1=${hmac(`1000.${body}`)}` },
  now,
});
const signedBody = JSON.stringify({ ...(JSON.parse(body) as object), signature: `sha256=${hmac(body)}` });

export const scenarios: readonly Scenario[] = [
  {
    point: 1,
    name: 'tokens: one login for many calls, again after a refusal, an error after the second',
    server: { users, tasks: one },
    steps: [
      { call: 'new', args: { ...quick, ...login } },
      task,
      { count: '/auth/', is: 1 },
      { expire: true },
      { call: 'many', args: { id: 't', times: 10 }, gives: { length: 10 } },
      { count: '/auth/', is: 2 },
      { behave: { on: 'GET /tasks/t', status: 401, code: 'TOKEN_EXPIRED', times: 2 } },
      { call: 'task', args: { id: 't' }, fails: 'AuthenticationError' },
      { call: 'new', args: { ...quick, username: 'ada', password: 'wrong one' } },
      { call: 'task', args: { id: 't' }, fails: 'AuthenticationError' },
    ],
  },
  {
    point: 2,
    name: 'the envelope and its errors',
    server: { tasks: one },
    steps: [
      { call: 'new', args: { ...quick, retry_attempts: 1 } },
      task,
      ...refused(400, 'BAD_REQUEST', 'ValidationError'),
      ...refused(422, 'VALIDATION_FAILED', 'ValidationError'),
      ...refused(403, 'FORBIDDEN', 'PermissionError'),
      ...refused(409, 'INVALID_STATE', 'ConflictError'),
      ...refused(500, 'INTERNAL', 'ServerError'),
      ...refused(503, 'QUEUE_FULL', 'ServiceUnavailableError'),
      { behave: { on: 'GET /tasks/t', status: 429, headers: { 'retry-after': '7' }, times: 1 } },
      { call: 'task', args: { id: 't' }, fails: 'RateLimitError', with_: { retry_after: 7 } },
      { call: 'task', args: { id: 'nobody' }, fails: 'NotFoundError' },
      {
        call: 'create_server',
        args: { config: {} },
        fails: 'ValidationError',
        with_: { details: [{ path: '/infra' }] },
      },
      { behave: { on: 'GET /tasks/t', drop: true } },
      { call: 'task', args: { id: 't' }, fails: 'NetworkError' },
    ],
  },
  {
    point: 3,
    name: 'retries: the same key, Retry-After, none where it is the request',
    server: { tasks: one },
    steps: [
      { call: 'new', args: quick },
      { behave: { on: 'GET /tasks/t', status: 503, times: 2 } },
      task,
      { count: 'GET /tasks/t', is: 3 },
      { behave: { on: 'POST /workflows/servers/create', status: 503, times: 1 } },
      { behave: { on: 'POST /workflows/servers/create', drop: true, times: 1 } },
      { call: 'create_server', args: { config: { infra: 'demo' } } },
      { sameKey: 'POST /workflows/servers/create', times: 3 },
      { behave: { on: 'GET /tasks/t', status: 429, headers: { 'retry-after': '1' }, times: 1 } },
      { ...task, atLeast: 900 },
      { behave: { on: 'GET /tasks/t', status: 404, times: 1 } },
      { call: 'task', args: { id: 't' }, fails: 'NotFoundError' },
      { count: 'GET /tasks/t', is: 6 },
    ],
  },
  {
    point: 4,
    name: 'waiting: 300 s and 5 s unless told otherwise, a time limit, failed looks in between',
    server: { tasks: one },
    steps: [
      { call: 'new', args: { ...quick, retry_attempts: 1 } },
      { call: 'defaults', gives: { timeout: 300, poll: 5 } },
      { call: 'wait', args: { id: 't', timeout: 0.3, poll: 0.05 }, fails: 'TimeoutError', atLeast: 290 },
      { behave: { on: 'GET /tasks/t', status: 500, times: 2 } },
      { begin: 'wait', args: { id: 't', timeout: 60, poll: 0.05 } },
      { task: { id: 't', status: 'Completed' } },
      { end: true, gives: { status: 'Completed' } },
      { call: 'wait', args: { id: 'nobody', timeout: 60, poll: 0.05 }, fails: 'NotFoundError' },
    ],
  },
  {
    point: 5,
    name: 'paging through Link',
    server: { tasks: ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id })) },
    steps: [
      { call: 'new', args: quick },
      { call: 'tasks', args: { limit: 2 }, gives: ['a', 'b', 'c', 'd', 'e'] },
      { count: 'GET /tasks?', is: 3 },
    ],
  },
  {
    point: 6,
    name: 'the highest level that both know',
    steps: [
      { call: 'new', args: quick },
      { call: 'version', gives: 'v3' },
      { behave: { on: '/api/versions', data: { service: 'x', api: { levels: ['v1', 'v2'] } }, times: 1 } },
      { call: 'version', gives: 'v2' },
      { behave: { on: '/api/versions', data: { service: 'x', api: { levels: ['v9'] } }, times: 1 } },
      { call: 'version', fails: 'UnsupportedVersionError' },
    ],
  },
  {
    point: 7,
    name: 'WebSocket: batches, heartbeat, reconnection with subscription and last event, close codes',
    server: { users },
    steps: [
      { call: 'new', args: { ...quick, ...login } },
      { call: 'connect', args: { types: ['TaskStatusChanged'] } },
      { connections: 1, query: ['events'] },
      { frame: 'ping' },
      { send: [changed('1'), changed('2'), changed('3')] },
      { call: 'events', args: { count: 3 }, gives: ['1', '2', '3'] },
      { drop: 1006 },
      { connections: 2, query: ['events', 'last_event_id'] },
      { send: [changed('3')] },
      { send: [changed('4')] },
      { call: 'events', args: { count: 4 }, gives: ['1', '2', '3', '4'] },
      { drop: 4001 },
      { connections: 3, query: ['events', 'last_event_id'] },
      { newToken: true },
      { send: [changed('5')] },
      { call: 'events', args: { count: 5 }, gives: ['1', '2', '3', '4', '5'] },
      { call: 'disconnect' },
    ],
  },
  {
    point: 8,
    name: 'batches: fields of an operation flat or under config',
    steps: [
      { call: 'new', args: quick },
      { call: 'batch', args: { config: batch({ servers: ['a'] }) }, gives: { status: 'Pending' } },
      {
        call: 'batch',
        args: { config: batch({ config: { servers: ['a'] } }) },
        gives: { status: 'Pending' },
      },
      { call: 'batch', args: { config: batch({ id: 7 }) }, fails: 'ValidationError' },
    ],
  },
  {
    point: 9,
    name: 'cancellation',
    server: { tasks: one },
    steps: [
      { call: 'new', args: quick },
      { call: 'cancelled_wait', args: { id: 't', after: 0.1 }, fails: 'Cancelled' },
      { behave: { on: 'GET /tasks/t', delay: 3000, times: 1 } },
      { call: 'cancelled_wait', args: { id: 't', after: 0.1 }, fails: 'Cancelled' },
      task,
    ],
  },
  {
    point: 10,
    name: 'no secrets in logs, errors and descriptions',
    server: { users, tasks: one },
    steps: [
      { call: 'new', args: { ...quick, ...login } },
      task,
      { behave: { on: 'GET /tasks/t', status: 401, times: 2 } },
      { call: 'task', args: { id: 't' }, fails: 'AuthenticationError' },
      { behave: { on: 'GET /tasks/t', drop: true } },
      { call: 'task', args: { id: 't' }, fails: 'NetworkError' },
      { call: 'described', without: [password, 'fake.'] },
    ],
  },
  {
    point: 11,
    name: 'webhooks: both forms of signature, changed bytes, old messages',
    steps: [
      { call: 'webhook', args: signed(body, 1000), gives: true },
      { call: 'webhook', args: signed(body, 1300), gives: true },
      { call: 'webhook', args: signed(body, 1301), gives: false },
      { call: 'webhook', args: signed(body.replace('1', '2'), 1000), gives: false },
      { call: 'webhook', args: { body: signedBody, secret: 'shared', headers: {}, now: 1000 }, gives: true },
      { call: 'webhook', args: { body: signedBody, secret: 'other', headers: {}, now: 1000 }, gives: false },
      { call: 'webhook', args: { body, secret: 'shared', headers: {}, now: 1000 }, gives: false },
    ],
  },
  {
    point: 12,
    name: 'fields and values that a later server adds',
    server: { users, tasks: one },
    steps: [
      { call: 'new', args: { ...quick, ...login } },
      {
        behave: {
          on: 'GET /tasks/t',
          data: { id: 't', name: 'x', status: 'Hibernating', phase: 'asleep', brand_new: { deep: [1] } },
          times: 1,
        },
      },
      task,
      { call: 'connect', args: { types: [] } },
      { connections: 1 },
      { send: [{ id: '9', event_type: 'NeverHeardOf', data: { anything: true } }] },
      { call: 'events', args: { count: 1 }, gives: ['9'] },
      { call: 'disconnect' },
    ],
  },
];
