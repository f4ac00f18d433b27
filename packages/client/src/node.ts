import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { ClientOptions } from './options.ts';
import { ProvisioningClient } from './provisioning-client.ts';

/** Node.js only: connections that are kept, and certificates of one's own (14 §2, §6). */

export interface PoolOptions {
  /** Connections in all, default 100; to one host, default 20. */
  readonly connections?: number;
  readonly perHost?: number;
  /** Milliseconds that an unused one stays open; default 30000. */
  readonly keepAlive?: number;
  /** Milliseconds to connect, default 5000; for a whole request, default 30000. */
  readonly connectTimeout?: number;
  readonly timeout?: number;
}

export interface TlsOptions {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly rejectUnauthorized?: boolean;
}

export type PooledFetch = typeof fetch & { close(): void };

/** A `fetch` over a pool of connections. */
export function pooledFetch(pool: PoolOptions = {}, tls: TlsOptions = {}): PooledFetch {
  const { connections = 100, perHost = 20, keepAlive = 30_000 } = pool;
  const { connectTimeout = 5000, timeout = 30_000 } = pool;
  const shared = {
    keepAlive: true,
    maxTotalSockets: connections,
    maxSockets: perHost,
    timeout: keepAlive,
  };
  const agents = { http: new HttpAgent(shared), https: new HttpsAgent({ ...shared, ...tls }) };
  const send = (input: string | URL | Request, init: RequestInit = {}): Promise<Response> =>
    new Promise((resolve, reject) => {
      const url = new URL(typeof input === 'string' || input instanceof URL ? input : input.url);
      const secure = url.protocol === 'https:';
      const limit = AbortSignal.timeout(timeout);
      const request = (secure ? httpsRequest : httpRequest)(url, {
        agent: secure ? agents.https : agents.http,
        method: init.method ?? 'GET',
        headers: Object.fromEntries(new Headers(init.headers)),
        signal: init.signal ? AbortSignal.any([init.signal, limit]) : limit,
      });
      const failed = (error: Error) => {
        // Shaped as the platform's own fetch does it: the system's error is the cause.
        reject(Object.assign(new TypeError('fetch failed'), { cause: error }));
      };
      request.on('error', failed);
      request.on('socket', (socket) => {
        if (!socket.connecting) return;
        const timer = setTimeout(
          () => request.destroy(Object.assign(new Error('connect timed out'), { code: 'ETIMEDOUT' })),
          connectTimeout,
        );
        socket.once('connect', () => clearTimeout(timer));
        socket.once('close', () => clearTimeout(timer));
      });
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', failed);
        response.on('end', () => {
          const status = response.statusCode ?? 0;
          if (status >= 300 && status < 400 && init.redirect === 'error') {
            failed(new Error(`unexpected redirect to ${response.headers.location ?? ''}`));
            return;
          }
          const headers = new Headers();
          for (const [name, value] of Object.entries(response.headersDistinct)) {
            for (const item of value ?? []) headers.append(name, item);
          }
          const empty = status === 204 || status === 304;
          resolve(new Response(empty ? null : Buffer.concat(chunks), { status, headers }));
        });
      });
      request.end(init.body as string | undefined);
    });
  return Object.assign(send as typeof fetch, {
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  });
}

export interface NodeClientOptions extends ClientOptions {
  readonly pool?: boolean | PoolOptions;
  readonly tls?: TlsOptions;
}

/** The client over a pool of kept connections, with client certificates where they are asked for. */
export class NodeProvisioningClient extends ProvisioningClient {
  readonly #fetch: PooledFetch | undefined;

  constructor({ pool = true, tls, ...options }: NodeClientOptions = {}) {
    const own = options.fetch === undefined && (pool !== false || tls !== undefined);
    const fetch = own ? pooledFetch(typeof pool === 'object' ? pool : {}, tls) : undefined;
    super({ ...options, ...(fetch ? { fetch } : {}) });
    this.#fetch = fetch;
  }

  override async close(): Promise<void> {
    await super.close();
    this.#fetch?.close();
  }
}

/** The client with pool and cache on (14 §6). */
export class OptimizedProvisioningClient extends NodeProvisioningClient {
  constructor(options: NodeClientOptions = {}) {
    super({ cache: true, ...options });
  }
}
