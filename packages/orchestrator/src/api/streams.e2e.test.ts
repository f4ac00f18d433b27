import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SocketClient } from '../testing/socket-client.fixture.ts';
import type { TestService } from '../testing/service.fixture.ts';
import { startWorkspaceService } from '../testing/workspace.fixture.ts';

let service: TestService;
let receiver: Server;
const received: { headers: IncomingMessage['headers']; body: string }[] = [];
beforeAll(async () => {
  receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      received.push({ headers: request.headers, body });
      response.end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const { port } = receiver.address() as { port: number };
  service = await startWorkspaceService((settings) => {
    settings.monitoring.metrics_interval_seconds = 40;
    settings.webhooks.endpoints = [
      {
        id: 'all',
        url: `http://127.0.0.1:${port}`,
        events: ['*'],
        secret: 'receiver',
        allow_private: true,
      },
    ];
  });
});
afterAll(async () => {
  await service.end();
  receiver.closeAllConnections();
  receiver.close();
});

async function open(path: string, query = ''): Promise<SocketClient> {
  const client = new SocketClient(service, query, {}, path);
  await once(client.socket, 'open');
  return client;
}

async function run(operations: object[]): Promise<any> {
  const workflow = { name: 'run', version: '1.0.0', operations };
  const { body } = await service.call('POST', '/api/v1/workflows', workflow);
  await service.orchestrator.workflows.ended(body.data.workflow_id);
  return (await service.call('GET', `/api/v1/workflows/${body.data.workflow_id}`)).body.data;
}

const shell = (id: string, script: string, more: object = {}) => ({
  id,
  type: 'command',
  input: { command: 'sh', args: ['-c', script], ...more },
  retry_policy: { max_attempts: 1 },
});

/** The text format of Prometheus, strictly: every sample belongs to a family with HELP and TYPE before it. */
function parseMetrics(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  const types = new Map<string, string>();
  const helped = new Set<string>();
  for (const line of text.split('\n').slice(0, -1)) {
    const [, help] = /^# HELP ([a-zA-Z_:][\w:]*) .+$/.exec(line) ?? [];
    const [, named, type] =
      /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|histogram|summary|untyped)$/.exec(line) ?? [];
    if (help !== undefined) helped.add(help);
    else if (named !== undefined) types.set(named, type!);
    else {
      const label = '[a-zA-Z_]\\w*="(?:[^"\\\\\\n]|\\\\[\\\\n"])*"';
      const [, name, labels = '', value] =
        new RegExp(`^([a-zA-Z_:][\\w:]*)(\\{${label}(?:,${label})*\\})? (\\S+)$`).exec(line) ?? [];
      if (name === undefined) throw new Error(`not a sample: ${line}`);
      const family = types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '');
      if (!types.has(family) || !helped.has(family)) throw new Error(`no HELP or TYPE: ${line}`);
      if (Number.isNaN(Number(value))) throw new Error(`not a number: ${line}`);
      if (samples.has(name + labels)) throw new Error(`twice: ${line}`);
      samples.set(name + labels, Number(value));
    }
  }
  return samples;
}

test('13.A19 the metrics parse; one completed and one failed task are counted as such', async () => {
  const before = parseMetrics((await service.call('GET', '/metrics')).body);
  expect(before.get('orchestrator_tasks_total{status="failed",type="workflow"}')).toBe(0);
  await run([shell('good', 'true')]);
  await run([shell('bad', 'exit 3')]);
  const after = parseMetrics((await service.call('GET', '/metrics')).body);
  expect(after.get('orchestrator_tasks_total{status="completed",type="command"}')).toBe(1);
  expect(after.get('orchestrator_tasks_total{status="failed",type="command"}')).toBe(1);
  expect(after.get('orchestrator_tasks_failed_total{status="failed",type="command"}')).toBe(1);
});

test('13.A20 a password in a payload turns up nowhere', async () => {
  const password = 'pa$$w0rd "quoted"';
  const token = 'tok-4711-secret';
  const events = await open('/ws', '?events=task,batch,workflow,system,log,custom');
  const logs = await open('/logs', '?level=DEBUG');
  const started = received.length;
  const env = { DB_PASSWORD: password };
  const workflow = await run([
    shell('say', 'echo "password is $DB_PASSWORD"; echo "{\\"token\\":\\"$0\\"}"', {
      env,
      args: ['-c', 'echo "password is $DB_PASSWORD"; echo "{\\"used\\":\\"$2\\"}"', 'sh', '--token', token],
    }),
    shell('fail', 'echo "failed with $DB_PASSWORD" >&2; exit 1', { env }),
  ]);
  expect(workflow.operations.map(({ status }: any) => status).sort()).toEqual(['Completed', 'Failed']);
  await events.until((client) => client.events.some(({ event_type }) => event_type === 'WorkflowFailed'));
  await logs.until((client) => client.events.some(({ data }) => data.message.includes('failed with')));
  const { id } = workflow;
  const wanted = () => received.slice(started).some(({ body }) => body.includes('workflow.failed'));
  while (!wanted()) await new Promise((resolve) => setTimeout(resolve, 10));
  const paths = [
    '/tasks',
    `/tasks?parent=${id}`,
    `/tasks/${id}`,
    `/tasks/${id}/logs`,
    `/tasks/${id}/events`,
    `/workflows/${id}`,
    `/workflows`,
    `/workflows/${id}/operations`,
    `/state/workflows/${id}/snapshots`,
    '/operations',
    '/metrics',
    '/status',
  ];
  const seen: string[] = [JSON.stringify(events.frames), JSON.stringify(logs.frames)];
  for (const path of paths) {
    const { body } = await service.call('GET', path === '/metrics' ? path : `/api/v1${path}`);
    seen.push(typeof body === 'string' ? body : JSON.stringify(body));
  }
  seen.push(...received.slice(started).map(({ body }) => body));
  const inText = JSON.stringify(password).slice(1, -1);
  for (const text of seen) {
    for (const secret of [password, inText, JSON.stringify(inText).slice(1, -1), token]) {
      expect(text).not.toContain(secret);
    }
  }
  // What was said is there, only without the secret.
  expect(seen.join()).toContain('password is ***');
  expect(seen.join()).toContain('failed with ***');
  events.socket.close();
  logs.socket.close();
});

describe('streams', () => {
  test('the log stream begins with the newest lines, filtered by level, component and text', async () => {
    const workflow = await run([shell('talk', 'echo first; echo second; echo careful >&2')]);
    const tail = await open('/api/v1/logs', `?task_id=${workflow.id}&tail=1`);
    await tail.until(({ events }) => events.length > 0);
    expect(tail.events).toHaveLength(1);
    const warnings = await open('/logs', '?level=WARN&component=talk&search=care');
    await warnings.until(({ events }) => events.length > 0);
    expect(warnings.events.map(({ data }) => data.message)).toEqual(['careful']);
    await run([shell('talk', 'echo again; echo "careful again" >&2')]);
    await warnings.until(({ events }) => events.length === 2);
    expect(warnings.events[1].data).toMatchObject({ level: 'WARN', message: 'careful again' });
    for (const { socket } of [tail, warnings]) socket.close();
  });

  test('the metrics stream sends the chosen metrics', async () => {
    const client = await open('/metrics', '?metrics=orchestrator_ws_*&labels=stream:metrics&interval=5');
    await client.until(({ events }) => events.length > 0);
    expect(client.events[0]).toMatchObject({
      event_type: 'MetricUpdate',
      data: { metric_name: 'orchestrator_ws_connections', metric_type: 'gauge', value: 1 },
      metadata: { interval: 5 },
    });
    client.socket.close();
    const usual = await open('/metrics', '?metrics=orchestrator_ws_*');
    await usual.until(({ events }) => events.length > 0);
    expect(usual.events[0]).toMatchObject({ metadata: { interval: 40 } });
    usual.socket.close();
  });

  test('bad queries are refused before the upgrade', async () => {
    for (const [path, query] of [
      ['/logs', '?level=LOUD'],
      ['/logs', '?tail=-1'],
      ['/logs', '?since=yesterday'],
      ['/metrics', '?interval=1'],
      ['/metrics', '?labels=x'],
      ['/ws', '?batch_size=0'],
    ] as const) {
      const { socket } = new SocketClient(service, query, {}, path);
      const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
      expect(response.statusCode).toBe(400);
      response.destroy();
    }
  });

  test('compression is agreed on only when asked for', async () => {
    const plain = await open('/ws');
    expect(plain.socket.extensions).toBe('');
    const small = await open('/ws', '?compression=true');
    expect(small.socket.extensions).toContain('permessage-deflate');
    for (const { socket } of [plain, small]) socket.close();
  });
});

describe('events and webhooks of one’s own', () => {
  test('a custom event reaches those who listen to all custom ones or to its name', async () => {
    const all = await open('/ws', '?events=custom');
    const named = await open('/ws', '?events=BuildDone');
    const other = await open('/ws', '?events=OtherThing');
    const event = { event_type: 'BuildDone', data: { build: 7 }, metadata: { by: 'ci' } };
    expect((await service.call('POST', '/api/v1/events', event)).status).toBe(202);
    for (const client of [all, named]) {
      await client.until(({ events }) => events.length > 0);
      expect(client.events[0]).toMatchObject({ ...event, metadata: { by: 'ci', published_by: 'local' } });
    }
    expect(other.events).toEqual([]);
    for (const { socket } of [all, named, other]) socket.close();
    const reserved = await service.call('POST', '/api/v1/events', { event_type: 'TaskStatusChanged' });
    expect(reserved.status).toBe(422);
    expect((await service.call('POST', '/api/v1/events', { event_type: 'x' })).status).toBe(422);
    const large = { event_type: 'BuildDone', data: 'x'.repeat(70_000) };
    expect((await service.call('POST', '/api/v1/events', large)).status).toBe(413);
  });

  test('an endpoint can be tested, a delivery sent again under its id', async () => {
    const before = received.length;
    const { status, body } = await service.call('POST', '/api/v1/webhook-endpoints/all/test');
    expect(status).toBe(202);
    const id = body.data.delivery_id;
    const mine = () =>
      received.slice(before).filter(({ headers }) => headers['x-provisioning-delivery'] === id);
    while (mine().length < 1) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(JSON.parse(mine()[0]!.body)).toMatchObject({ event: 'webhook.test', data: { endpoint: 'all' } });
    await service.call('POST', `/api/v1/webhook-deliveries/${id}/redeliver`);
    while (mine().length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    expect((await service.call('POST', '/api/v1/webhook-endpoints/none/test')).status).toBe(404);
    expect((await service.call('POST', '/api/v1/webhook-deliveries/none/redeliver')).status).toBe(404);
  });

  test('the description is a page without anything from elsewhere, and AsyncAPI', async () => {
    const page = await fetch(`${service.url}/docs`);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await page.text()).not.toMatch(/(src|href)="(https?:)?\/\//);
    expect((await fetch(`${service.url}/page/docs.js`)).status).toBe(200);
    const { body } = await service.call('GET', '/api/v1/asyncapi.json');
    expect(body.asyncapi).toBe('3.0.0');
    expect(Object.keys(body.channels)).toEqual(['events', 'metrics', 'logs']);
    const references = [...JSON.stringify(body).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path!);
    for (const path of references) {
      const found = path.split('/').reduce((at, name) => at?.[name], body);
      expect(found).toBeDefined();
    }
  });
});
