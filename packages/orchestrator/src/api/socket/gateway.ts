import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { type Authenticate, canonicalPath } from '@provisioning/service-kit';
import { type WebSocket, WebSocketServer } from 'ws';
import { isEventId } from '../../events/event-id.ts';
import type { ApiService } from '../api-service.ts';
import { Connection } from './connection.ts';

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

/** WebSocket upgrades: `/ws` (13 §8). */
export class SocketGateway {
  readonly #api: ApiService;
  readonly #options: GatewayOptions;
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: 64 * 1024,
    perMessageDeflate: false,
    handleProtocols: (protocols) => (protocols.has('provisioning.v1') ? 'provisioning.v1' : false),
  });
  readonly #alive = new WeakSet<WebSocket>();
  readonly #perUser = new Map<string, number>();
  readonly #ping: NodeJS.Timeout;

  constructor(server: Server, api: ApiService, options: GatewayOptions) {
    this.#api = api;
    this.#options = options;
    server.on('upgrade', (request, socket, head) => void this.#upgrade(request, socket, head));
    this.#ping = setInterval(() => this.#heartbeat(), pingInterval).unref();
  }

  get connections(): number {
    return this.#server.clients.size;
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
      if (url.pathname.replace(/\/+$/, '') !== '/ws')
        throw refuse(404, 'NOT_FOUND', `No such stream: ${url.pathname}`);
      this.#checkOrigin(request);
      const options = this.#read(url.searchParams);
      const { authenticate } = this.#options;
      const token = tokenOf(request, url.searchParams);
      const identity =
        authenticate && token !== undefined ? await authenticate(token).catch(unauthorized) : undefined;
      this.#admit(identity?.user ?? 'local');
      this.#server.handleUpgrade(request, socket, head, (client) => {
        this.#alive.add(client);
        client.on('pong', () => this.#alive.add(client));
        new Connection(client, this.#api, {
          ...options,
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
      throw refuse(400, 'BAD_REQUEST', 'batch_size: expected a number from 1 to 100');
    }
    const lastEventId = query.get('last_event_id') ?? undefined;
    if (lastEventId !== undefined && !isEventId(lastEventId)) {
      throw refuse(400, 'BAD_REQUEST', 'last_event_id: expected the id of an event');
    }
    const compression = query.get('compression');
    if (compression !== null && compression !== 'true' && compression !== 'false') {
      throw refuse(400, 'BAD_REQUEST', 'compression: expected true or false');
    }
    const names = query
      .get('events')
      ?.split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '');
    if (names && names.length > 50) throw refuse(400, 'BAD_REQUEST', 'events: at most 50 names');
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
    const { origin, host } = headers;
    if (origin === undefined || this.#options.corsOrigins.includes(origin)) return;
    let same: boolean;
    try {
      same = new URL(origin).host === host;
    } catch {
      same = false;
    }
    if (!same) throw refuse(403, 'FORBIDDEN', 'Origin not allowed');
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

class Refusal extends ProvisioningError {
  readonly status: number;

  constructor(status: number, code: string, message: string) {
    super({ code, message, kind: 'usage' });
    this.status = status;
  }
}

function refuse(status: number, code: string, message: string): Refusal {
  return new Refusal(status, code, message);
}
