import { afterEach, describe, expect, test } from '@jest/globals';
import { NetworkError, ProvisioningClient } from './index.ts';
import { NodeProvisioningClient, OptimizedProvisioningClient } from './node.ts';
import { EventDrivenWorkflowManager, PipelineError, WorkflowPipeline } from './patterns.ts';
import { CircuitBreaker, ResilientProvisioningClient } from './resilience.ts';
import { WebSocketPool } from './socket-pool.ts';
import { type FakeOrchestrator, startFakeOrchestrator } from './testing/fake-orchestrator.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function start(): Promise<{ fake: FakeOrchestrator; client: ProvisioningClient }> {
  const fake = await startFakeOrchestrator();
  const client = new ProvisioningClient({ baseUrl: fake.url, retry: { baseDelay: 1 }, reconnectInterval: 5 });
  ends.push(
    () => fake.close(),
    () => client.close(),
  );
  return { fake, client };
}

async function until(test: () => boolean): Promise<void> {
  const end = Date.now() + 60_000;
  while (!test()) {
    if (Date.now() > end) throw new Error('not in time');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

const bodies = (fake: FakeOrchestrator) =>
  fake.requests.filter(({ method }) => method === 'POST').map(({ body }) => body.taskserv ?? 'servers');

describe('pipeline', () => {
  function pipeline(client: ProvisioningClient) {
    return new WorkflowPipeline(client, { pollInterval: 5 })
      .addStep('servers', () => client.createServerWorkflow({ infra: 'demo' }))
      .addStep('kubernetes', () => client.createTaskservWorkflow({ infra: 'demo', taskserv: 'kubernetes' }), [
        'servers',
      ])
      .addStep('cilium', () => client.createTaskservWorkflow({ infra: 'demo', taskserv: 'cilium' }), [
        'kubernetes',
      ]);
  }

  test('14.A13 a step begins when the task of the one before is completed', async () => {
    const { fake, client } = await start();
    const run = pipeline(client).execute();
    for (const [index, name] of ['servers', 'kubernetes', 'cilium'].entries()) {
      await until(() => bodies(fake).length === index + 1);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(bodies(fake).at(-1)).toBe(name);
      expect(bodies(fake)).toHaveLength(index + 1);
      const [task] = await client.listTasks('Pending');
      fake.setTask({ id: task!.id, status: 'Completed' });
    }
    expect(Object.keys(await run)).toEqual(['servers', 'kubernetes', 'cilium']);
  });

  test('14.A13 a failed step is named, the rest is skipped; a cycle is found before anything runs', async () => {
    const { fake, client } = await start();
    const run = pipeline(client).execute();
    run.catch(() => undefined);
    for (const status of ['Completed', 'Failed'] as const) {
      await until(
        () =>
          [...fake.requests].filter(({ method }) => method === 'POST').length ===
          (status === 'Failed' ? 2 : 1),
      );
      const [task] = await client.listTasks('Pending');
      fake.setTask({ id: task!.id, status, error: 'no quorum' });
    }
    const error = await run.catch((thrown: unknown) => thrown as PipelineError);
    expect(error).toBeInstanceOf(PipelineError);
    const failed = error as PipelineError;
    expect(failed.message).toMatch(/^Step kubernetes failed: .*no quorum/);
    expect(failed.steps.map(({ status }) => status)).toEqual(['completed', 'failed', 'skipped']);
    const requests = fake.requests.length;
    const cyclic = new WorkflowPipeline(client)
      .addStep('a', () => client.createServerWorkflow({ infra: 'demo' }), ['b'])
      .addStep('b', () => client.createServerWorkflow({ infra: 'demo' }), ['a']);
    await expect(cyclic.execute()).rejects.toThrow('Pipeline deadlock detected: cycle among a, b');
    const unknown = new WorkflowPipeline(client).addStep('a', async () => 1, ['z']);
    await expect(unknown.execute()).rejects.toThrow('Pipeline deadlock detected');
    expect(fake.requests).toHaveLength(requests);
  });
});

describe('event-driven workflows', () => {
  test('14.A14 the default rules bring kubernetes, prometheus and cilium; the end is told once, after the last', async () => {
    const { fake, client } = await start();
    const manager = new EventDrivenWorkflowManager(client);
    const told: string[] = [];
    for (const name of ['workflowStarted', 'workflowFailed', 'workflowCompleted'] as const)
      manager.on(name, () => told.push(name));
    const id = await manager.createWorkflow({ infra: 'demo' });
    for (const expected of [['servers'], ['kubernetes', 'prometheus'], ['cilium']]) {
      await until(() => expected.every((name) => bodies(fake).includes(name)));
      await until(() => manager.getWorkflow(id)!.tasks.length === bodies(fake).length);
      expect(told).not.toContain('workflowCompleted');
      for (const task of await client.listTasks('Pending'))
        fake.setTask({ id: task!.id, status: 'Completed' });
    }
    await until(() => told.includes('workflowCompleted'));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(told).toEqual(['workflowStarted', 'workflowCompleted']);
    expect(manager.getWorkflow(id)).toMatchObject({ status: 'completed', progress: 100 });
    expect(
      fake.requests.filter(({ body }) => body?.taskserv).every(({ body }) => body.infra === 'demo'),
    ).toBe(true);
    manager.dispose();
  });

  test('a task that ended before its id was known counts; a failed one fails the workflow', async () => {
    const { fake, client } = await start();
    const manager = new EventDrivenWorkflowManager(client, { nextSteps: () => [] });
    await client.connectWebSocket(['TaskStatusChanged']);
    client.once('workflowCreated', ({ taskId }) => fake.setTask({ id: taskId, status: 'Failed' }));
    const completed = manager.once('workflowCompleted');
    const failed = manager.once('workflowFailed');
    await manager.createWorkflow({ infra: 'demo' });
    expect((await completed).status).toBe('failed');
    expect((await failed).error).toContain('server_creation');
    manager.dispose();
  });
});

describe('pools', () => {
  test('14.A12 the sixth waits for a release, or for one that closes by itself', async () => {
    const { fake } = await start();
    const pool = new WebSocketPool(fake.url, { reconnect: false, acquireTimeout: 20_000 });
    ends.push(() => pool.close());
    const open = await Promise.all(
      ['a', 'b', 'c', 'd', 'e'].map((type) => pool.getConnection(undefined, [type])),
    );
    // The same events share a connection, whatever their order.
    expect(await pool.getConnection(undefined, ['a'])).toBe(open[0]);
    let sixth: unknown;
    const waiting = pool.getConnection(undefined, ['f']).then((connection) => (sixth = connection));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(sixth).toBeUndefined();
    pool.releaseConnection(open[1]!);
    await waiting;
    expect(pool.size).toBe(5);
    const seventh = pool.getConnection(undefined, ['g']);
    await new Promise((resolve) => setTimeout(resolve, 30));
    fake.dropSockets();
    expect((await seventh).isOpen).toBe(true);
    const full = new WebSocketPool(fake.url, { maxConnections: 1, acquireTimeout: 20 });
    ends.push(() => full.close());
    await full.getConnection(undefined, ['a']);
    await expect(full.getConnection(undefined, ['b'])).rejects.toThrow('WebSocket pool exhausted');
  });

  test('the pooled transport keeps connections, and speaks as fetch does', async () => {
    const { fake } = await start();
    fake.setTask({ id: 't', status: 'Completed' });
    const client = new NodeProvisioningClient({ baseUrl: fake.url, pool: { perHost: 2 }, retry: false });
    ends.push(() => client.close());
    await Promise.all(Array.from({ length: 10 }, () => client.getTaskStatus('t')));
    expect(fake.count('GET /tasks/t')).toBe(10);
    await expect(client.getTaskStatus('unknown')).rejects.toMatchObject({ name: 'NotFoundError' });
    const optimized = new OptimizedProvisioningClient({ baseUrl: fake.url });
    ends.push(() => optimized.close());
    await optimized.getTaskStatusCached('t');
    await optimized.getTaskStatusCached('t');
    expect(fake.count('GET /tasks/t')).toBe(11);
    const nobody = new NodeProvisioningClient({ baseUrl: 'http://127.0.0.1:9', retry: false });
    await expect(nobody.getTaskStatus('t')).rejects.toBeInstanceOf(NetworkError);
  });

  test('a resilient client goes through its breaker and tells of its changes', async () => {
    const { fake, client } = await start();
    const breaker = new CircuitBreaker({ threshold: 2, monitoringPeriod: 5 });
    const changes: string[] = [];
    breaker.on('stateChange', ({ to }) => changes.push(to));
    const status = breaker.once('status');
    const resilient = new ResilientProvisioningClient(client, breaker);
    fake.behave({ on: 'GET /tasks', status: 500 });
    for (let count = 0; count < 2; count++) await resilient.getTaskStatus('t').catch(() => undefined);
    await expect(resilient.getTaskStatus('t')).rejects.toThrow('Circuit breaker is OPEN');
    expect(changes).toEqual(['OPEN']);
    expect(await status).toMatchObject({ state: 'OPEN', failures: 2 });
    breaker.reset();
  });
});
