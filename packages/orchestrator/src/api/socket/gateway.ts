import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { foreignOrigin, foreignSite } from '@provisioning/extensions-sdk';
import { type Authenticate, canonicalPath } from '@provisioning/service-kit';
import { type WebSocket, WebSocketServer } from 'ws';
import { isEventId } from '../../events/event-id.ts';
import type { ApiService } from '../api-service.ts';
import { Connection, type StreamOptions } from './connection.ts';
import { readLogSelection } from './log-stream.ts';
import { readMetricSelection } from './metric-stream.ts';
import { badQuery, refuse, type Refusal } from './refusal.ts';

export interface GatewayOptions {
  readonly prefixes: readonly string[];
  readonly corsOrigins: readonly string[];
  /** Connections of one user (13 §8.6). Off in solo mode. */
  readonly perUser: number;
  readonly onDropped: (event: string) => void;
  /** Who a token belongs to; absent in solo mode. */
  readonly authenticate?: Authenticate;
}

const pingInterval = 30_000;

const streams = { '/ws': 'events', '/metrics': 'metrics', '/logs': 'logs' } as const;

/** WebSocket upgrades: `/ws`, `/logs` and `/metrics` (13 §8). */
export class SocketGateway {
  readonly #api: ApiService;
  readonly #options: GatewayOptions;
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: 64 * 1024,
    // Used only where the client offers it, which the query `compression=true` lets through.
    perMessageDeflate: { threshold: 1024 },
    handleProtocols: (protocols) => (protocols.has('provisioning.v1') ? 'provisioning.v1' : false),
  });
  readonly #alive = new WeakSet<WebSocket>();
  readonly #streams = new WeakMap<WebSocket, string>();
  readonly #perUser = new Map<string, number>();
  readonly #ping: NodeJS.Timeout;

  constructor(server: Server, api: ApiService, options: GatewayOptions) {
    this.#api = api;
    this.#options = options;
    server.on('upgrade', (request, socket, head) => void this.#upgrade(request, socket, head));
    this.#ping = setInterval(() => this.#heartbeat(), pingInterval).unref();
  }

  /** Open connections by stream. */
  get connections(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = { events: 0, metrics: 0, logs: 0 };
    for (const socket of this.#server.clients) counts[this.#streams.get(socket) ?? 'events']!++;
    return counts;
  }

  /** Tells every client that the server goes away. */
  close(): void {
    clearInterval(this.#ping);
    for (const socket of this.#server.clients) socket.close(1001, 'server shutting down');
    this.#server.close();
    setTimeout(() => {
      for (const socket of this.#server.clients) socket.terminate();
    }, 200).unref();
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    const url = new URL(canonicalPath(request.url ?? '/', this.#options.prefixes), 'http://localhost');
    try {
      const stream = (streams as Partial<Record<string, StreamOptions['name']>>)[
        url.pathname.replace(/\/+$/, '')
      ];
      if (stream === undefined) throw refuse(404, 'NOT_FOUND', `No such stream: ${url.pathname}`);
      this.#checkOrigin(request);
      const options = this.#read(url.searchParams);
      if (url.searchParams.get('compression') !== 'true') delete request.headers['sec-websocket-extensions'];
      const query = url.searchParams;
      const logs = stream === 'logs' ? readLogSelection(query) : undefined;
      const metrics =
        stream === 'metrics'
          ? readMetricSelection(query, this.#api.settings.monitoring.metrics_interval_seconds)
          : undefined;
      const { authenticate } = this.#options;
      const token = tokenOf(request, url.searchParams);
      const identity =
        authenticate && token !== undefined ? await authenticate(token).catch(unauthorized) : undefined;
      this.#admit(identity?.user ?? 'local');
      this.#server.handleUpgrade(request, socket, head, (client) => {
        this.#alive.add(client);
        this.#streams.set(client, stream);
        client.on('pong', () => this.#alive.add(client));
        new Connection(client, this.#api, {
          ...options,
          stream: {
            name: stream,
            ...(stream === 'logs' ? { logs: logs! } : {}),
            ...(stream === 'metrics' ? { metrics: metrics! } : {}),
          },
          authenticate,
          identity,
          admit: (user) => this.#count(client, user),
        });
      });
    } catch (error) {
      const { status, message } = error as Refusal;
      socket.end(
        `HTTP/1.1 ${status ?? 500} Refused\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(message)}\r\n\r\n${message}`,
      );
    }
  }

  /** @throws Refusal when the user has as many connections as allowed */
  #admit(user: string): void {
    if ((this.#perUser.get(user) ?? 0) >= this.#options.perUser) {
      throw refuse(429, 'RATE_LIMITED', 'Too many connections');
    }
  }

  #count(client: WebSocket, user: string): void {
    this.#perUser.set(user, (this.#perUser.get(user) ?? 0) + 1);
    client.on('close', () => this.#perUser.set(user, (this.#perUser.get(user) ?? 1) - 1));
  }

  #read(query: URLSearchParams) {
    const batchSize = Number(query.get('batch_size') ?? 10);
    if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > 100) {
      throw badQuery('batch_size: expected a number from 1 to 100');
    }
    const lastEventId = query.get('last_event_id') ?? undefined;
    if (lastEventId !== undefined && !isEventId(lastEventId)) {
      throw badQuery('last_event_id: expected the id of an event');
    }
    const compression = query.get('compression');
    if (compression !== null && compression !== 'true' && compression !== 'false') {
      throw badQuery('compression: expected true or false');
    }
    const names = query
      .get('events')
      ?.split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '');
    if (names && names.length > 50) throw badQuery('events: at most 50 names');
    return {
      events: names?.length === 0 ? undefined : names,
      batchSize,
      lastEventId,
      workflow: query.get('workflow_id') ?? undefined,
      onDropped: (event: { event_type: string }) => this.#options.onDropped(event.event_type),
    };
  }

  /** A page of another origin may not listen unless configured (13 §8.2). */
  #checkOrigin({ headers }: IncomingMessage): void {
    const { corsOrigins, authenticate } = this.#options;
    const siteOf = authenticate === undefined ? foreignSite : foreignOrigin;
    if (siteOf(headers, corsOrigins) !== undefined) throw refuse(403, 'FORBIDDEN', 'Origin not allowed');
  }

  #heartbeat(): void {
    for (const socket of this.#server.clients) {
      if (!this.#alive.has(socket)) {
        socket.terminate();
        continue;
      }
      this.#alive.delete(socket);
      socket.ping();
    }
  }
}

/** `?token=`, `Authorization: Bearer`, or the subprotocol `bearer.<token>` (13 §8.2). */
function tokenOf({ headers }: IncomingMessage, query: URLSearchParams): string | undefined {
  const protocol = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  return (
    query.get('token') ??
    /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ??
    protocol.find((name) => name.startsWith('bearer.'))?.slice('bearer.'.length)
  );
}

function unauthorized(): never {
  throw refuse(401, 'UNAUTHORIZED', 'Unauthorized');
}
