import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { WebSocket } from 'ws';
import { SocketClient as Client } from '../../testing/socket-client.fixture.ts';
import { startTestService, type TestService } from '../../testing/service.fixture.ts';
import { fileWorkflow } from '../../testing/workflow.fixture.ts';

describe('solo', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startTestService((settings) => {
      settings.queue.max_concurrent_tasks = 50;
    });
  });
  afterAll(() => service.end());

  async function open(query = ''): Promise<Client> {
    const client = new Client(service, query);
    await once(client.socket, 'open');
    return client;
  }
  const submit = async (workflow = fileWorkflow({ a: [], b: ['a'] })) =>
    (await service.call('POST', '/api/v1/workflows', workflow)).body.data.workflow_id as string;

  test('13.A14 ping, unknown frames, too many subscriptions', async () => {
    const client = await open();
    expect(await client.answer({ type: 'ping', id: 7 })).toMatchObject({ type: 'pong', id: 7 });
    expect(await client.answer({ type: 'foo' })).toMatchObject({ type: 'error', code: 'UNKNOWN_TYPE' });
    expect(await client.answer('not json')).toMatchObject({ type: 'error', code: 'INVALID_MESSAGE' });
    const names = Array.from({ length: 51 }, (_, index) => `Custom${index}`);
    expect(await client.answer({ type: 'subscribe', events: names })).toMatchObject({
      code: 'TOO_MANY_SUBSCRIPTIONS',
    });
    expect(client.socket.readyState).toBe(WebSocket.OPEN);
    client.socket.close();
  });

  test('13.A13 one event alone comes as a plain envelope, many in batches of at most ten', async () => {
    const client = await open('?events=workflow');
    service.orchestrator.bus.publish(undefined, {
      event_type: 'WorkflowStarted',
      timestamp: new Date().toISOString(),
      data: { workflow_id: 'x', name: 'alone' },
      metadata: {},
    });
    await client.until(({ events }) => events.length > 0);
    expect(client.frames[0].event_type).toBe('WorkflowStarted');
    const many = await open('?events=task');
    await Promise.all(Array.from({ length: 30 }, () => submit()));
    await many.until(({ events }) => events.length >= 30 * 4);
    const batches = many.frames.filter(({ type }) => type === 'batch');
    expect(batches.length).toBeGreaterThan(0);
    expect(Math.max(...batches.map(({ events }: any) => events.length))).toBeLessThanOrEqual(10);
    client.socket.close();
    many.socket.close();
  });

  test('13.A16 a client that comes back gets what it missed once, in order', async () => {
    const client = await open('?events=task');
    await submit();
    await client.until(({ events }) => events.length > 2);
    client.socket.terminate();
    const last = client.events.at(-1).id;
    const id = await submit();
    await service.orchestrator.workflows.ended(id);
    const again = await open(`?events=task&last_event_id=${last}`);
    await again.until(({ frames }) => frames.some(({ type }) => type === 'replay_done'));
    const ids = [...client.events, ...again.events].map((event) => event.id);
    expect(new Set(ids).size).toBe(ids.length);
    const mine = again.events.filter(({ data }) => data.workflow_id === id && data.operation_id);
    expect(mine.map(({ data }) => `${data.operation_id} ${data.status}`)).toEqual([
      'a Running',
      'a Completed',
      'b Running',
      'b Completed',
    ]);
    again.socket.close();
  });

  test('filters narrow a subscription; bad queries are refused before the upgrade', async () => {
    const client = await open('?events=workflow');
    const id = await submit();
    // Its events are no longer under way to a client that has not said its filter yet.
    await service.orchestrator.workflows.ended(id);
    const other = await open('?events=');
    other.send({ type: 'unsubscribe', events: [] });
    expect(
      await other.answer({ type: 'subscribe', events: ['task'], filters: { status: ['completed'] } }),
    ).toBeDefined();
    await submit();
    await other.until(({ events }) => events.length >= 3);
    expect(other.events.every(({ data }) => data.status === 'Completed')).toBe(true);
    await client.until(({ events }) => events.some(({ data }) => data.workflow_id === id));
    const bad = new Client(service, '?batch_size=1000');
    const [, response] = (await once(bad.socket, 'unexpected-response')) as [unknown, { statusCode: number }];
    expect(response.statusCode).toBe(400);
    client.socket.close();
    other.socket.close();
  });

  test('200 clients, some of which read nothing: the work goes on and every reader sees the end', async () => {
    const readers = await Promise.all(Array.from({ length: 180 }, () => open('?events=workflow')));
    const deaf = await Promise.all(Array.from({ length: 20 }, () => open('?events=task,workflow,log')));
    for (const { socket } of deaf) (socket as any)._socket.pause();
    const ids = await Promise.all(
      Array.from({ length: 20 }, () => submit(fileWorkflow({ a: [], b: [], c: ['a'], d: ['b'] }))),
    );
    for (const reader of readers) {
      await reader.until(({ events }) =>
        ids.every((id) =>
          events.some((event) => event.event_type === 'WorkflowCompleted' && event.data.workflow_id === id),
        ),
      );
    }
    for (const { socket } of [...readers, ...deaf]) socket.terminate();
  });
});

describe('with authentication', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startTestService(
      (settings) => {
        settings.mode = 'multiuser';
      },
      {
        authenticate: async (token) => {
          const [user = '', role = '', left] = token.split(':');
          if (role === '')
            throw new ProvisioningError({ code: 'TOKEN_INVALID', kind: 'permission', message: 'no' });
          return {
            user,
            roles: [role],
            mfaVerified: role === 'Admin',
            ...(left === undefined ? {} : { expiresAt: Date.now() + Number(left) }),
          };
        },
      },
    );
  });
  afterAll(() => service.end());
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  test('13.A2 13.A9 no token, and a token without MFA, are refused whatever headers say', async () => {
    const none = await service.call('GET', '/api/v1/tasks');
    expect(none.status).toBe(401);
    expect(none.body.error.code).toBe('UNAUTHORIZED');
    expect((await service.call('GET', '/api/v1/tasks', undefined, bearer('ann:Viewer'))).status).toBe(200);
    const denied = await service.call('DELETE', '/api/v1/workflows/x', undefined, {
      ...bearer('ann:Operator'),
      'x-mfa-verified': 'true',
    });
    expect(denied.status).toBe(403);
    expect(denied.body.error.code).toBe('MFA_REQUIRED');
    expect((await service.call('GET', '/health')).status).toBe(200);
  });

  test('13.A7 the 101st request and the 11th batch of a minute are refused', async () => {
    let last;
    for (let count = 0; count < 101; count++) {
      last = await service.call('GET', '/api/v1/tasks', undefined, bearer('greedy:Viewer'));
    }
    expect(last!.status).toBe(429);
    expect(last!.headers.get('x-ratelimit-remaining')).toBe('0');
    expect(Number(last!.headers.get('retry-after'))).toBeGreaterThan(0);
    for (let count = 0; count < 11; count++) {
      last = await service.call(
        'POST',
        '/api/v1/batch/execute',
        fileWorkflow({ a: [] }),
        bearer('boss:Admin'),
      );
    }
    expect(last!.status).toBe(429);
    const logins: number[] = [];
    for (let count = 0; count < 6; count++) {
      const body = { username: 'ann', password: 'guess' };
      logins.push((await service.call('POST', '/api/v1/auth/login', body)).status);
    }
    // Nobody verifies passwords here; the sixth guess is not even asked for.
    expect(logins).toEqual([404, 404, 404, 404, 404, 429]);
  });

  test('a subscription names what is not for this user; a login is forwarded, its tokens stand at the top too', async () => {
    const client = new Client(service, '?token=dev:Developer');
    await once(client.socket, 'open');
    const answer = await client.answer({ type: 'subscribe', events: ['task', 'SystemHealthUpdate'] });
    expect(answer).toMatchObject({ type: 'subscribed', denied: ['SystemHealthUpdate'] });
    expect(answer.events).not.toContain('ConfigurationChanged');
    client.socket.terminate();
    const identity = createServer((request, response) => {
      const refused = request.url === '/auth/refresh';
      response.writeHead(refused ? 401 : 200, { 'content-type': 'application/json' });
      const error = { code: 'TOKEN_REVOKED', message: 'Token revoked' };
      const data = { token: 't', refresh_token: 'r', expires_in: 900 };
      response.end(
        JSON.stringify(refused ? { success: false, error, metadata: {} } : { success: true, data }),
      );
    });
    await new Promise<void>((resolve) => identity.listen(0, '127.0.0.1', resolve));
    const { port } = identity.address() as { port: number };
    const forwarding = await startTestService((settings) => {
      settings.control_center.url = `http://127.0.0.1:${port}`;
    });
    try {
      const body = { username: 'ann', password: 'right' };
      const login = await forwarding.call('POST', '/v1/auth/login', body);
      expect(login.body).toMatchObject({
        success: true,
        token: 't',
        expires_in: 900,
        data: { refresh_token: 'r' },
      });
      const refresh = await forwarding.call('POST', '/v1/auth/refresh', { refresh_token: 'old' });
      expect(refresh.status).toBe(401);
      expect(refresh.body.error.code).toBe('TOKEN_REVOKED');
      identity.closeAllConnections();
      await new Promise((resolve) => identity.close(resolve));
      const gone = await forwarding.call('POST', '/v1/auth/login', body);
      expect([gone.status, gone.body.error.code]).toEqual([502, 'UPSTREAM_ERROR']);
    } finally {
      await forwarding.end();
      identity.closeAllConnections();
      identity.close();
    }
  });

  test('13.A12 a bad token is 401; a developer sees tasks but not system health', async () => {
    const bad = new Client(service, '?token=nobody');
    const [, response] = (await once(bad.socket, 'unexpected-response')) as [unknown, { statusCode: number }];
    expect(response.statusCode).toBe(401);
    const client = new Client(service, '?events=task,batch,system', bearer('dev:Developer'));
    await once(client.socket, 'open');
    service.orchestrator.bus.publish(undefined, {
      event_type: 'SystemHealthUpdate',
      timestamp: new Date().toISOString(),
      data: {},
      metadata: {},
    } as never);
    await service.call('POST', '/api/v1/workflows', fileWorkflow({ a: [] }), bearer('dev:Developer'));
    await client.until(({ events }) => events.some(({ event_type }) => event_type === 'TaskStatusChanged'));
    expect(client.events.some(({ event_type }) => event_type === 'SystemHealthUpdate')).toBe(false);
    client.socket.close();
  });

  test('13.A15 an expiring token is announced; a fresh one keeps the stream, without one it ends', async () => {
    const authenticated = ({ frames }: Client) =>
      frames.filter(({ type }) => type === 'authenticated').length;
    const client = new Client(service, '', bearer('x:Admin:3000'));
    await once(client.socket, 'open');
    const began = Date.now();
    await client.until(({ frames }) => frames.some(({ type }) => type === 'token_expiring'));
    client.send({ type: 'auth', token: 'x:Admin:600000' });
    await client.until((one) => authenticated(one) === 1);
    await sleep(3100 - (Date.now() - began));
    expect(client.socket.readyState).toBe(WebSocket.OPEN);
    const closed = once(client.socket, 'close');
    client.send({ type: 'auth', token: 'x:Admin:100' });
    expect((await closed)[0]).toBe(4001);
  });

  test('the eleventh connection of a user is refused', async () => {
    const clients = Array.from({ length: 10 }, () => new Client(service, '', bearer('many:Viewer')));
    await Promise.all(clients.map(({ socket }) => once(socket, 'open')));
    const eleventh = new Client(service, '', bearer('many:Viewer'));
    const [, response] = (await once(eleventh.socket, 'unexpected-response')) as [
      unknown,
      { statusCode: number },
    ];
    expect(response.statusCode).toBe(429);
    for (const { socket } of clients) socket.close();
  });
});
