import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { verifyWebhook } from '@provisioning/client/webhooks';
import { startTestService, type TestService } from '../testing/service.fixture.ts';
import { fileWorkflow } from '../testing/workflow.fixture.ts';
import { isInternal } from './send.ts';

interface Received {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let receiver: Server;
let received: Received[];
let answers: number[];
let url: string;
beforeEach(async () => {
  received = [];
  answers = [];
  receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      received.push({ headers: request.headers, body });
      response.writeHead(answers.shift() ?? 200).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(receiver.address() as { port: number }).port}/hook`;
});
afterEach(() => {
  receiver.closeAllConnections();
  receiver.close();
});

async function service(endpoint: object): Promise<TestService> {
  return startTestService((settings) => {
    settings.webhooks.endpoints = [
      { url, events: ['workflow.completed'], allow_private: true, secret: 's3', ...endpoint },
    ];
  });
}

async function until(test: () => boolean, limit = 60_000): Promise<void> {
  const end = Date.now() + limit;
  while (!test()) {
    if (Date.now() > end) throw new Error('not in time');
    await sleep(10);
  }
}

test('13.A17 14.A16 both signatures can be recomputed, a changed byte fails, a failed delivery keeps its id', async () => {
  answers = [500];
  const running = await service({});
  try {
    await running.call('POST', '/api/v1/workflows', fileWorkflow({ a: [] }));
    await until(() => received.length === 2);
    const [first, second] = received as [Received, Received];
    expect(second.headers['x-provisioning-delivery']).toBe(first.headers['x-provisioning-delivery']);
    const { event, timestamp, data, signature } = JSON.parse(second.body);
    expect(event).toBe('workflow.completed');
    expect(data).toMatchObject({ status: 'completed', operations: { total: 1, completed: 1 } });
    const text = JSON.stringify({ event, timestamp, data });
    expect(signature).toBe(`sha256=${createHmac('sha256', 's3').update(text).digest('hex')}`);
    const message = { rawBody: second.body, headers: second.headers as Record<string, string>, secret: 's3' };
    expect((await verifyWebhook(message)).valid).toBe(true);
    expect(
      (await verifyWebhook({ ...message, rawBody: second.body.replace('completed', 'cOmpleted') })).valid,
    ).toBe(false);
    expect((await verifyWebhook({ ...message, headers: {} })).valid).toBe(true);
    const late = { ...message, now: Math.floor(Date.now() / 1000) + 301 };
    expect(await verifyWebhook(late)).toMatchObject({ valid: false, reason: 'timestamp outside tolerance' });
  } finally {
    await running.end();
  }
});

test('13.A18 internal addresses are refused unless the endpoint allows them', async () => {
  for (const address of [
    '169.254.169.254',
    '127.0.0.1',
    '10.1.2.3',
    '::1',
    '::ffff:192.168.1.1',
    'fd00::1',
  ]) {
    expect(isInternal(address)).toBe(true);
  }
  for (const address of ['93.184.216.34', '2606:2800::1']) expect(isInternal(address)).toBe(false);
  const running = await service({ allow_private: false });
  try {
    await running.call('POST', '/api/v1/workflows', fileWorkflow({ a: [] }));
    const deliveries = async () => (await running.call('GET', '/api/v1/webhook-deliveries')).body.data;
    while ((await deliveries())[0]?.error === undefined) await sleep(20);
    expect(received).toHaveLength(0);
    expect((await deliveries())[0].error).toContain('internal address');
    const endpoints = (await running.call('GET', '/api/v1/webhook-endpoints')).body.data;
    expect(JSON.stringify(endpoints)).not.toContain('s3');
  } finally {
    await running.end();
  }
});

test('an unknown event name is a configuration error', async () => {
  await expect(service({ events: ['task.exploded'] })).rejects.toMatchObject({ kind: 'configuration' });
});
