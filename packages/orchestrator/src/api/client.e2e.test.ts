import { execFile } from 'node:child_process';
import { createServer, request as httpRequest, type Server } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { operations, ProvisioningClient } from '@provisioning/client';
import { EventDrivenWorkflowManager, PipelineError, WorkflowPipeline } from '@provisioning/client/patterns';
import { openApiDocument } from '../openapi/document.ts';
import type { TestService } from '../testing/service.fixture.ts';
import { startWorkspaceService } from '../testing/workspace.fixture.ts';
import { allRoutes } from './routes/index.ts';

let service: TestService;
let client: ProvisioningClient;
beforeAll(async () => {
  service = await startWorkspaceService((settings) => {
    settings.queue.max_concurrent_tasks = 50;
  });
  client = new ProvisioningClient({ baseUrl: service.url, reconnectInterval: 20, retry: { baseDelay: 10 } });
});
afterAll(async () => {
  await client.close();
  await service.end();
});

const examples = new URL('../../../client/examples/', import.meta.url).pathname;
const run = promisify(execFile);

async function example(name: string, args: readonly string[] = [], env: Record<string, string> = {}) {
  const environment = { PATH: process.env['PATH'], PROVISIONING_API_URL: service.url, NO_COLOR: '1', ...env };
  return run(process.execPath, [join(examples, name), ...args], { env: environment, timeout: 120_000 });
}

/** A network that fails as it is told: it stands between a client and the service. */
class BadNetwork {
  readonly #server: Server;
  readonly #sockets = new Set<{ destroy(): void }>();
  /** Answers that are lost on their way back. */
  losses = 0;

  constructor() {
    this.#server = createServer((incoming, outgoing) => {
      const { method, headers, url } = incoming;
      const onwards = httpRequest(`${service.url}${url}`, { method, headers }, (answer) => {
        if (method === 'POST' && this.losses-- > 0) {
          answer.resume();
          incoming.socket.destroy();
          return;
        }
        outgoing.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(outgoing);
      });
      onwards.on('error', () => incoming.socket.destroy());
      incoming.pipe(onwards);
    });
    this.#server.on('upgrade', (request, socket, head) => {
      const { port } = new URL(service.url);
      const onwards = connect(Number(port), '127.0.0.1', () => {
        const lines = Object.entries(request.headers).map(([name, value]) => `${name}: ${String(value)}`);
        onwards.write(`GET ${request.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
        onwards.write(head);
        socket.pipe(onwards).pipe(socket);
      });
      for (const end of [socket, onwards]) {
        this.#sockets.add(end);
        end.on('error', () => undefined);
        end.on('close', () => this.#sockets.delete(end));
      }
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  get upgrades(): number {
    return this.#sockets.size / 2;
  }

  killSockets(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.killSockets();
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

describe('typed client and orchestrator', () => {
  test('14.A2 an unknown infrastructure is NotFoundError with the request id, an empty body ValidationError', async () => {
    await expect(client.createServerWorkflow({ infra: 'nope' })).rejects.toMatchObject({
      name: 'NotFoundError',
      code: 'INFRA_NOT_FOUND',
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    const empty = await client.createServerWorkflow({} as never).catch((error: unknown) => error);
    expect(empty).toMatchObject({ name: 'ValidationError', status: 422 });
    expect((empty as { details: unknown[] }).details.length).toBeGreaterThan(0);
  });

  test('14.A5 a POST whose answer was lost is sent again; the server has one task', async () => {
    const network = new BadNetwork();
    const lossy = new ProvisioningClient({ baseUrl: await network.listen(), retry: { baseDelay: 10 } });
    try {
      const before = (await client.listTasks({ infra: 'staging' })).total;
      network.losses = 2;
      const id = await lossy.createServerWorkflow({ infra: 'staging' });
      const after = await client.listTasks({ infra: 'staging' });
      expect(after.total).toBe(before + 1);
      expect(after[0]!.id).toBe(id);
    } finally {
      await lossy.close();
      network.close();
    }
  });

  test('14.A8 a WebSocket killed three times loses and doubles no change of status', async () => {
    const network = new BadNetwork();
    const shaky = new ProvisioningClient({ baseUrl: await network.listen(), reconnectInterval: 10 });
    const changes: string[] = [];
    let reconnections = 0;
    shaky.on('taskStatusChanged', (data) => {
      const { workflow_id, operation_id, status } = data as Record<string, string>;
      if (operation_id !== undefined) changes.push(`${workflow_id}/${operation_id} ${status}`);
    });
    shaky.on('websocketReconnecting', () => reconnections++);
    try {
      await shaky.connectWebSocket(['TaskStatusChanged']);
      const ids: string[] = [];
      for (let kill = 0; kill <= 3; kill++) {
        const names = ['a', 'b', 'c'];
        const { workflowId } = await client.submitWorkflow({
          name: `kill ${kill}`,
          version: '1.0.0',
          operations: names.map((id, index) => ({
            id,
            type: 'file.create',
            dependencies: index === 0 ? [] : [names[index - 1]!],
          })),
        });
        ids.push(workflowId);
        if (kill < 3) network.killSockets();
        await service.orchestrator.workflows.ended(workflowId);
        const end = Date.now() + 60_000;
        while (!changes.includes(`${workflowId}/c Completed`)) {
          if (Date.now() > end) throw new Error(`lost: ${changes.join('\n')}`);
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      }
      const expected = ids.flatMap((id) =>
        ['a', 'b', 'c'].flatMap((name) => [`${id}/${name} Running`, `${id}/${name} Completed`]),
      );
      expect(changes).toEqual(expected);
      expect(reconnections).toBe(3);
      await shaky.disconnectWebSocket();
      while (network.upgrades > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    } finally {
      await shaky.close();
      network.close();
    }
  });

  test('14.A13 a pipeline submits Kubernetes only when the servers are there', async () => {
    const pipeline = new WorkflowPipeline(client, { pollInterval: 20 })
      .addStep('servers', () => client.createServerWorkflow({ infra: 'production' }))
      .addStep(
        'kubernetes',
        () => client.createTaskservWorkflow({ infra: 'production', taskserv: 'redis', servers: ['db-01'] }),
        ['servers'],
      );
    const results = (await pipeline.execute()) as Record<
      string,
      { created_at: string; completed_at: string }
    >;
    expect(Date.parse(results['kubernetes']!.created_at)).toBeGreaterThanOrEqual(
      Date.parse(results['servers']!.completed_at),
    );
    const failing = new WorkflowPipeline(client, { pollInterval: 20 })
      .addStep('servers', () => client.createServerWorkflow({ infra: 'production' }))
      .addStep('kubernetes', () => client.createTaskservWorkflow({ infra: 'production', taskserv: 'nope' }), [
        'servers',
      ])
      .addStep('cilium', () => client.createTaskservWorkflow({ infra: 'production', taskserv: 'redis' }), [
        'kubernetes',
      ]);
    const error = await failing.execute().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PipelineError);
    expect((error as PipelineError).message).toMatch(/^Step kubernetes failed: /);
    expect((error as PipelineError).steps.at(-1)!.status).toBe('skipped');
  });

  test('14.A14 a workflow grows by the default rules and ends once', async () => {
    const manager = new EventDrivenWorkflowManager(client, {
      nextSteps: (_workflow, { type }) => {
        const place = { config: { servers: ['db-01'] } };
        if (type === 'server_creation') {
          return [
            { type: 'kubernetes_installation', taskserv: 'redis', ...place },
            { type: 'monitoring_setup', taskserv: 'nginx', ...place },
          ];
        }
        return type === 'kubernetes_installation'
          ? [{ type: 'networking_setup', taskserv: 'redis', ...place }]
          : [];
      },
    });
    const ended: string[] = [];
    manager.on('workflowCompleted', ({ status }) => ended.push(status));
    const completed = manager.once('workflowCompleted');
    const id = await manager.createWorkflow({ infra: 'production' });
    await completed;
    expect(
      manager
        .getWorkflow(id)!
        .tasks.map(({ type }) => type)
        .sort(),
    ).toEqual(['kubernetes_installation', 'monitoring_setup', 'networking_setup', 'server_creation']);
    expect(ended).toEqual(['completed']);
    manager.dispose();
    await client.disconnectWebSocket();
  });

  test('a batch, its progress and its rollback; logs, versions and events', async () => {
    const { batch_id: id } = await client.executeBatchOperation({
      operations: [
        { id: 'a', type: 'file.create' },
        { id: 'b', type: 'file.create', dependencies: ['a'] },
      ],
    });
    expect((await client.waitForBatchCompletion(id, { interval: 20 })).status).toBe('Completed');
    expect((await client.rollbackBatch(id)).rollback_id).toMatch(/./);
    expect(await client.healthCheck()).toBe(true);
    expect(await client.negotiateVersion()).toBe('v3');
    await client.connectWebSocket(['custom']);
    const heard = client.once('BuildDone' as never);
    await client.publishEvent('BuildDone', { build: 1 });
    expect(await heard).toMatchObject({ data: { build: 1 } });
    await client.disconnectWebSocket();
    const task = await client.runServerWorkflow(
      { infra: 'production', check_mode: true },
      { pollInterval: 20 },
    );
    expect(task.output).toContain('server-web-01');
  });

  test('14.A19 every operation of the document is one of the client’s', () => {
    const { paths } = openApiDocument(allRoutes, '0') as {
      paths: Record<string, Record<string, { operationId: string }>>;
    };
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => [operationId, method.toUpperCase(), path]),
    );
    const known = Object.entries(operations).map(([id, [method, path]]) => [id, method, path]);
    expect(known.sort()).toEqual(described.sort());
    for (const id of Object.keys(operations)) expect(typeof client.api[id as 'getHealth']).toBe('function');
  });
});

describe('examples', () => {
  test('14.A1 the quickstart prints the task and that it is completed', async () => {
    const { stdout } = await example('quickstart.ts');
    expect(stdout).toMatch(/^Task: [0-9a-f-]{36}\nCompleted\n/);
    await expect(example('quickstart.ts', ['nope'])).rejects.toMatchObject({ code: 1 });
  });

  test('the command line creates, lists and says what went wrong', async () => {
    const { stdout } = await example('provisioning-cli.ts', ['create-server', '-i', 'production', '--wait']);
    expect(stdout).toMatch(
      /Server workflow created: [0-9a-f-]{36}\nWorkflow completed successfully!\nOutput: /,
    );
    const list = await example('provisioning-cli.ts', ['list-tasks', '--status', 'completed']);
    expect(list.stdout).toMatch(/^Tasks:\n( [0-9a-f-]{36} - .+ \[Completed\]\n)+$/);
    await expect(example('provisioning-cli.ts', ['create-server', '-i', 'nope'])).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Error: '),
    });
  });

  test('batch, parallel workflows, resilience, events and monitoring run to their end', async () => {
    const [batch, parallel, resilience, events, monitor] = await Promise.all([
      example('batch-deployment.ts', [], { POLL_INTERVAL: '50' }),
      example('parallel-workflows.ts'),
      example('resilience.ts'),
      example('event-driven.ts'),
      example('monitor-workflows.ts', ['1']),
    ]);
    expect(batch.stdout).toContain('Completed');
    expect(parallel.stdout).toContain('10 of 10');
    expect(resilience.stdout).toContain('Health: Healthy');
    expect(events.stdout).toContain('completed');
    expect(monitor.stderr).toBe('');
  });
});
