import { afterEach, describe, expect, test } from '@jest/globals';
import type { EventEnvelope } from './index.ts';
import { clientOf, endAll, login, start, until, users } from './testing/clients.fixture.ts';

afterEach(endAll);

describe('WebSocket', () => {
  const change = (id: number) => ({
    event_type: 'TaskStatusChanged',
    data: { task_id: 't', name: `change ${id}` },
  });

  test('14.A7 a batch of ten is ten calls in order, each alias once', async () => {
    const fake = await start();
    const client = clientOf(fake);
    await client.connectWebSocket(['TaskStatusChanged']);
    const calls: string[] = [];
    const nameOf = (data: unknown) => (data as { name: string }).name;
    client.on('TaskStatusChanged', (event: EventEnvelope) => calls.push(`exact ${nameOf(event.data)}`));
    client.on('websocketMessage', ({ data }) => calls.push(`message ${nameOf(data)}`));
    client.on('taskStatusChanged', (data) => calls.push(`alias ${nameOf(data)}`));
    fake.send(...Array.from({ length: 10 }, (_, index) => change(index)));
    await until(() => calls.length === 30);
    expect(calls).toEqual(
      Array.from({ length: 10 }, (_, index) =>
        ['exact', 'message', 'alias'].map((kind) => `${kind} change ${index}`),
      ).flat(),
    );
  });

  test('14.A8 14.A9 three kills are three reconnections without loss; a throwing handler stops nobody', async () => {
    const fake = await start({ users });
    const client = clientOf(fake, login);
    const names: string[] = [];
    const attempts: number[] = [];
    const failures: unknown[] = [];
    client.on('TaskStatusChanged', () => {
      throw new Error('broken handler');
    });
    client.on('TaskStatusChanged', (event: EventEnvelope) =>
      names.push((event.data as { name: string }).name),
    );
    client.on('handlerError', (error) => failures.push(error));
    client.on('websocketReconnecting', ({ attempt }) => attempts.push(attempt));
    await client.connectWebSocket(['TaskStatusChanged'], { filters: { infra: 'demo' } });
    for (let kill = 0; kill < 3; kill++) {
      fake.send(change(2 * kill));
      await until(() => names.length === 2 * kill + 1);
      fake.dropSockets();
      // Happens while nobody listens.
      fake.send(change(2 * kill + 1));
      await until(() => names.length === 2 * kill + 2 && fake.connections.length === kill + 2);
    }
    expect(names).toEqual([0, 1, 2, 3, 4, 5].map((id) => `change ${id}`));
    expect(attempts).toEqual([1, 1, 1]);
    expect(failures).toHaveLength(6);
    expect(fake.connections.map(({ query }) => query.get('events'))).toEqual(
      Array(4).fill('TaskStatusChanged'),
    );
    const subscriptions = fake.frames.filter(({ type }) => type === 'subscribe');
    await until(() => fake.frames.filter(({ type }) => type === 'subscribe').length === 4);
    expect(subscriptions[0]).toMatchObject({ filters: { infra: 'demo' } });
    // Closed because the token is no longer good: the next connection comes with another one.
    fake.expireTokens();
    fake.dropSockets(4001);
    await until(() => fake.connections.length === 5);
    expect(fake.connections[4]!.token).not.toBe(fake.connections[3]!.token);
    await until(() => client.isWebSocketOpen);
    await client.disconnectWebSocket();
    await until(() => fake.sockets === 0);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(fake.connections).toHaveLength(5);
  });

  test('14.A10 after ten failed attempts it gives up and says so', async () => {
    const fake = await start();
    const client = clientOf(fake, { reconnectInterval: 1 });
    await client.connectWebSocket();
    const attempts: number[] = [];
    client.on('websocketReconnecting', ({ attempt, max }) => attempts.push(attempt * 100 + max));
    const failed = client.once('websocketReconnectFailed');
    fake.behave({ on: 'GET /ws', drop: true });
    fake.dropSockets();
    expect(await failed).toEqual({ attempts: 10 });
    expect(attempts).toEqual(Array.from({ length: 10 }, (_, index) => (index + 1) * 100 + 10));
    await expect(client.connectWebSocket()).rejects.toMatchObject({ name: 'NetworkError' });
  });

  test('an expiring token is renewed on the open connection; error frames are told', async () => {
    const fake = await start({ users });
    const client = clientOf(fake, login);
    await client.connectWebSocket(['task']);
    const errors: Error[] = [];
    client.on('websocketError', (error) => errors.push(error));
    fake.sendFrame({ type: 'token_expiring', expires_at: new Date().toISOString() });
    await until(() => fake.frames.some(({ type }) => type === 'auth'));
    fake.sendFrame({ type: 'error', code: 'EVENTS_DROPPED', dropped: 3 });
    await until(() => errors.length > 0);
    expect(errors[0]).toMatchObject({ code: 'EVENTS_DROPPED' });
  });

  test('a silent connection is lost after two heartbeats; events of an iterator end with its loop', async () => {
    const fake = await start();
    const client = clientOf(fake, { heartbeatInterval: 500 });
    await client.connectWebSocket(['task']);
    await until(() => fake.frames.filter(({ type }) => type === 'ping').length > 2);
    setTimeout(() => fake.send(change(1)), 10);
    for await (const event of client.events(['TaskStatusChanged'])) {
      expect(event.event_type).toBe('TaskStatusChanged');
      break;
    }
    expect(client.listenerCount('websocketMessage')).toBe(0);
  });
});
