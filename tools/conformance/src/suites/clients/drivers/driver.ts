import { createInterface } from 'node:readline';
import { inspect } from 'node:util';
import { ProvisioningClient } from '@provisioning/client';
import { verifyWebhook } from '@provisioning/client/webhooks';
import { waitDefaults } from '../../../../../../packages/client/src/waiting.ts';

/** The TypeScript client behind commands as JSON lines: the measure of the others. */
let client!: ProvisioningClient;
let heard: string[] = [];
const log: string[] = [];

/** Arguments of all commands; each has those it needs. Times are seconds. */
interface Arguments {
  readonly base_url: string;
  readonly username?: string;
  readonly password?: string;
  readonly retry_delay: number;
  readonly retry_attempts?: number;
  readonly reconnect_interval: number;
  readonly heartbeat_interval: number;
  readonly id: string;
  readonly times: number;
  readonly config: never;
  readonly timeout: number;
  readonly poll: number;
  readonly limit: number;
  readonly types: string[];
  readonly count: number;
  readonly after: number;
  readonly body: string;
  readonly headers: Record<string, string>;
  readonly secret: string;
  readonly now: number;
}

const commands: Record<string, (given: Arguments) => unknown> = {
  async new(given) {
    await client?.close();
    heard = [];
    const note = (...words: unknown[]) => void log.push(inspect(words));
    client = new ProvisioningClient({
      baseUrl: given.base_url,
      username: given.username,
      password: given.password,
      retry: { baseDelay: given.retry_delay * 1000, attempts: given.retry_attempts ?? 3 },
      reconnectInterval: given.reconnect_interval * 1000,
      heartbeatInterval: given.heartbeat_interval * 1000,
      logger: { debug: note, info: note, warn: note, error: note },
    });
    client.on('websocketMessage', ({ id }) => heard.push(id ?? ''));
  },
  task: ({ id }) => client.getTaskStatus(id),
  many: ({ id, times }) => Promise.all(Array.from({ length: times }, () => client.getTaskStatus(id))),
  create_server: ({ config }) => client.createServerWorkflow(config),
  defaults: () => ({ timeout: waitDefaults.timeout / 1000, poll: waitDefaults.pollInterval / 1000 }),
  wait: ({ id, timeout, poll }) => client.waitForTaskCompletion(id, timeout * 1000, poll * 1000),
  async tasks({ limit }) {
    const ids: string[] = [];
    for await (const { id } of client.iterateTasks({ limit })) ids.push(id);
    return ids;
  },
  version: () => client.negotiateVersion(),
  connect: ({ types }) => client.connectWebSocket(types),
  async events({ count }) {
    while (heard.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
    return heard;
  },
  disconnect: () => client.disconnectWebSocket(),
  batch: ({ config }) => client.executeBatchOperation(config),
  cancelled_wait({ id, after }) {
    const signal = AbortSignal.timeout(after * 1000);
    return client.waitForTaskCompletion(id, { signal, timeout: 0, pollInterval: 50 });
  },
  described: () => [...log, inspect(client), String(client), JSON.stringify(client)].join('\n'),
  async webhook({ body, headers, secret, now }) {
    return (await verifyWebhook({ rawBody: body, headers, secret, now })).valid;
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, op, args } = JSON.parse(line) as { id: number; op: string; args: Arguments };
  void Promise.resolve()
    .then(() => commands[op]!(args))
    .then(
      (ok) => ({ id, ok: ok ?? null }),
      (error) => {
        const type =
          ['AbortError', 'TimeoutError'].includes(error.name) && op === 'cancelled_wait'
            ? 'Cancelled'
            : error.name;
        log.push(inspect(error));
        const { status, code, details, requestId, retryAfter, message } = error;
        return {
          id,
          error: { type, status, code, details, request_id: requestId, retry_after: retryAfter, message },
        };
      },
    )
    .then((answer) => process.stdout.write(`${JSON.stringify(answer)}\n`));
}
process.exit(0);
