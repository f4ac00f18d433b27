import { type Json, socketSchemas, strip } from './document.ts';

const query = {
  events: { type: 'string', description: 'Names and aliases with commas: task,batch,workflow,system,custom' },
  batch_size: { type: 'integer', minimum: 1, maximum: 100, default: 10 },
  compression: { type: 'boolean', default: false },
  last_event_id: { type: 'string', description: 'Replay what came after this event' },
  token: { type: 'string', description: 'Or the header, or the subprotocol bearer.<token>' },
};

const channels: Readonly<
  Record<string, { path: string; description: string; query: Json; events: string[] }>
> = {
  events: {
    path: '/ws',
    description: 'Events of workflows, the system and your own',
    query,
    events: ['WsServerFrame'],
  },
  metrics: {
    path: '/metrics',
    description: 'MetricUpdate, every `interval` seconds',
    query: {
      metrics: { type: 'string', description: 'Names with commas, * is a wildcard' },
      labels: { type: 'string', description: 'name:value with commas' },
      interval: { type: 'number', minimum: 5, maximum: 300, default: 15 },
    },
    events: ['WsServerFrame'],
  },
  logs: {
    path: '/logs',
    description: 'LogEntry, the newest lines first',
    query: {
      level: { type: 'string', description: 'The least level, or a list' },
      component: { type: 'string' },
      task_id: { type: 'string' },
      search: { type: 'string', maxLength: 200 },
      since: { type: 'string', format: 'date-time' },
      tail: { type: 'integer', minimum: 0, maximum: 1000, default: 100 },
    },
    events: ['WsServerFrame'],
  },
};

/** AsyncAPI 3 of the WebSocket streams (13 §10), from the schemas that check frames. */
export function asyncApiDocument(version: string): Json {
  const components = new Map<string, unknown>();
  for (const [name, type] of Object.entries(socketSchemas)) components.set(name, strip(type, components));
  const names = Object.keys(channels);
  return {
    asyncapi: '3.0.0',
    info: { title: 'Provisioning orchestrator', version, license: { name: 'Apache-2.0' } },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(
      names.map((name) => {
        const channel = channels[name]!;
        return [
          name,
          {
            address: channel.path,
            description: channel.description,
            messages: {
              client: { $ref: '#/components/messages/client' },
              server: { $ref: '#/components/messages/server' },
            },
            bindings: {
              ws: {
                method: 'GET',
                query: { type: 'object', properties: channel.query },
                bindingVersion: '0.1.0',
              },
            },
          },
        ];
      }),
    ),
    operations: Object.fromEntries(
      names.flatMap((name) => [
        [`receive${capitalised(name)}`, operation(name, 'send', 'server')],
        [`ask${capitalised(name)}`, operation(name, 'receive', 'client')],
      ]),
    ),
    components: {
      messages: {
        client: { name: 'client', payload: { $ref: '#/components/schemas/WsClientFrame' } },
        server: { name: 'server', payload: { $ref: '#/components/schemas/WsServerFrame' } },
      },
      schemas: Object.fromEntries([...components].sort(([a], [b]) => (a < b ? -1 : 1))),
    },
  };
}

function operation(channel: string, action: 'send' | 'receive', message: string): Json {
  return {
    action,
    channel: { $ref: `#/channels/${channel}` },
    messages: [{ $ref: `#/channels/${channel}/messages/${message}` }],
  };
}

function capitalised(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
