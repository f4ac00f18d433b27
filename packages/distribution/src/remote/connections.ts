import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import { connect, isIP, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { type ConnectionOptions, connect as connectTls, rootCertificates } from 'node:tls';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { askDirectly } from './direct-body.ts';
import { connectionError, timeoutError } from './errors.ts';

export interface ConnectionSettings {
  /** Seconds without a byte before a registry counts as gone. Default 30. */
  readonly timeoutSeconds?: number;
  /** PEM file of certificate authorities that are trusted beside the system's. */
  readonly caFile?: string;
  /** Do not verify certificates. */
  readonly insecure?: boolean;
  /** Client certificate and key (PEM files) for registries that ask for one. */
  readonly clientCertificate?: { readonly certFile: string; readonly keyFile: string };
  /** Proxy for a URL, `undefined` for a direct connection. */
  readonly proxy?: (url: URL) => string | undefined;
  readonly userAgent?: string;
}

export interface RawRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Readable | Uint8Array;
  readonly signal?: AbortSignal;
  /** The answer is large: read it past Node's client where that can be done. */
  readonly large?: boolean;
}

export interface RawResponse {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Readable;
}

/**
 * Proxy settings from the usual environment variables; the CLI passes its environment in.
 * @param configured comes before those of the environment, `NO_PROXY` before both
 */
export function proxyFromEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  configured?: string,
): (url: URL) => string | undefined {
  const read = (name: string): string | undefined =>
    environment[name.toLowerCase()] || environment[name] || undefined;
  const none = (read('NO_PROXY') ?? '').split(/[\s,]+/).filter((entry) => entry !== '');
  return (url) => {
    const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
    if (none.some((entry) => matchesNoProxy(host, url.port, entry.toLowerCase()))) return undefined;
    if (configured !== undefined) return configured;
    return url.protocol === 'https:' ? read('HTTPS_PROXY') : environment['http_proxy'] || read('HTTP_PROXY');
  };
}

function matchesNoProxy(host: string, port: string, entry: string): boolean {
  if (entry === '*') return true;
  const [name = '', wantedPort] = entry.split(/:(\d+)$/);
  if (wantedPort !== undefined && wantedPort !== '' && wantedPort !== port) return false;
  const suffix = name.replace(/^\*?\./, '');
  return host === suffix || host.endsWith(`.${suffix}`);
}

/** Keep-alive connections to registries: the only place that opens sockets. */
export class Connections {
  readonly timeoutSeconds: number;
  readonly #settings: ConnectionSettings;
  readonly #http = new http.Agent({ keepAlive: true, maxSockets: 64, scheduling: 'lifo' });
  #https: https.Agent | undefined;
  readonly #tunnels = new Map<string, https.Agent>();
  #tls: ConnectionOptions | undefined;

  constructor(settings: ConnectionSettings = {}) {
    this.#settings = settings;
    this.timeoutSeconds = settings.timeoutSeconds ?? 30;
  }

  get insecure(): boolean {
    return this.#settings.insecure === true;
  }

  #tlsOptions(): ConnectionOptions {
    if (this.#tls !== undefined) return this.#tls;
    const { caFile, clientCertificate, insecure } = this.#settings;
    const read = (file: string, key: string): string => {
      try {
        return readFileSync(file, 'utf8');
      } catch (error) {
        throw new ProvisioningError({
          code: 'FILE_NOT_READABLE',
          kind: 'configuration',
          message: `${key}: ${file} cannot be read`,
          cause: error,
        });
      }
    };
    this.#tls = {
      rejectUnauthorized: insecure !== true,
      ...(caFile === undefined ? {} : { ca: [...rootCertificates, read(caFile, 'oci.ca_file')] }),
      ...(clientCertificate === undefined
        ? {}
        : {
            cert: read(clientCertificate.certFile, 'client certificate'),
            key: read(clientCertificate.keyFile, 'client key'),
          }),
    };
    return this.#tls;
  }

  #httpsAgent(): https.Agent {
    this.#https ??= new https.Agent({
      keepAlive: true,
      maxSockets: 64,
      scheduling: 'lifo',
      ...this.#tlsOptions(),
    });
    return this.#https;
  }

  /** One request and the head of its answer. The body is not read yet. @throws ProvisioningError of 09 §7. */
  async request(request: RawRequest): Promise<RawResponse> {
    const host = request.url.host;
    try {
      return (
        (request.large === true ? await this.#direct(request) : undefined) ?? (await this.#send(request))
      );
    } catch (error) {
      if (request.signal?.aborted === true) throw request.signal.reason;
      throw connectionError(host, error, this.timeoutSeconds);
    }
  }

  #headers(request: RawRequest): Record<string, string> {
    return {
      'user-agent': this.#settings.userAgent ?? 'provisioning',
      'accept-encoding': 'identity',
      ...request.headers,
    };
  }

  /** A large answer over a connection of its own; `undefined` where it must be asked for in the usual way. */
  #direct(request: RawRequest): Promise<RawResponse | undefined> {
    const { url, signal } = request;
    if (this.#settings.proxy?.(url) !== undefined) return Promise.resolve(undefined);
    signal?.throwIfAborted();
    const secure = url.protocol === 'https:';
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const port = Number(url.port) || (secure ? 443 : 80);
    const head = { host: url.host, connection: 'close', ...this.#headers(request) };
    const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
    if (lines.some((line) => line.slice(0, -2).search(/[\r\n\0]/) !== -1)) return Promise.resolve(undefined);
    return askDirectly(
      (onread) =>
        secure
          ? connectTls({
              ...this.#tlsOptions(),
              ...{ host, port, onread },
              ...(isIP(host) === 0 ? { servername: host } : {}),
            })
          : connect({ host, port, onread }),
      `GET ${url.pathname}${url.search} HTTP/1.1\r\n${lines.join('')}\r\n`,
      {
        timeout: this.timeoutSeconds * 1000,
        onTimeout: () => timeoutError(url.host, this.timeoutSeconds),
        ...(signal === undefined ? {} : { signal }),
      },
    );
  }

  #send(request: RawRequest): Promise<RawResponse> {
    const { url, signal } = request;
    const secure = url.protocol === 'https:';
    const proxy = this.#settings.proxy?.(url);
    const options: https.RequestOptions = {
      method: request.method,
      headers: this.#headers(request),
      agent: secure ? (proxy === undefined ? this.#httpsAgent() : this.#tunnel(proxy)) : this.#http,
      timeout: this.timeoutSeconds * 1000,
    };
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const sent =
        !secure && proxy !== undefined
          ? http.request(throughProxy(url, proxy, options))
          : (secure ? https : http).request(url, options);
      sent.on('response', (body) => {
        body.on('error', () => undefined);
        resolve({ status: body.statusCode ?? 0, headers: body.headers, body });
      });
      sent.on('error', reject);
      if (signal !== undefined) {
        // A tenth of a short request cheaper than to hand the signal to Node.
        const stop = (): void => void sent.destroy(signal.reason as Error);
        signal.addEventListener('abort', stop, { once: true });
        sent.on('close', () => signal.removeEventListener('abort', stop));
      }
      sent.on('timeout', () => sent.destroy(timeoutError(url.host, this.timeoutSeconds)));
      if (request.body === undefined || request.body instanceof Uint8Array) sent.end(request.body);
      else {
        request.body.on('error', (error) => sent.destroy(error));
        sent.on('close', () => (request.body as Readable).destroy());
        request.body.pipe(sent);
      }
    });
  }

  /** Agent whose connections go through `CONNECT` of a proxy. */
  #tunnel(proxy: string): https.Agent {
    const known = this.#tunnels.get(proxy);
    if (known !== undefined) return known;
    const tls = this.#tlsOptions();
    const seconds = this.timeoutSeconds;
    const agent = new https.Agent({ keepAlive: true, maxSockets: 64, ...tls });
    // @types/node knows `createConnection` of an agent only in its synchronous form.
    (agent as unknown as { createConnection: CreateConnection }).createConnection = (options, callback) => {
      openTunnel(new URL(proxy), `${options.host}:${options.port}`, seconds)
        .then((socket) => {
          const servername = options.servername ?? options.host;
          const secured = connectTls({ ...tls, socket, servername }, () => callback(null, secured));
          secured.once('error', (error) => callback(error));
        })
        .catch((error: Error) => callback(error));
      return undefined;
    };
    this.#tunnels.set(proxy, agent);
    return agent;
  }

  /** Closes idle connections; a process that is done need not wait for keep-alive to end. */
  close(): void {
    this.#http.destroy();
    this.#https?.destroy();
    for (const agent of this.#tunnels.values()) agent.destroy();
  }
}

type CreateConnection = (
  options: { readonly host: string; readonly port: number; readonly servername?: string },
  callback: (error: Error | null, socket?: Socket) => void,
) => undefined;

function proxyAuthorization(proxy: URL): Record<string, string> {
  if (proxy.username === '') return {};
  const plain = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(plain).toString('base64')}` };
}

function throughProxy(url: URL, proxy: string, options: https.RequestOptions): http.RequestOptions {
  const address = new URL(proxy);
  return {
    ...options,
    host: address.hostname,
    port: address.port || 80,
    path: url.href,
    headers: {
      ...(options.headers as Record<string, string>),
      host: url.host,
      ...proxyAuthorization(address),
    },
  };
}

function openTunnel(proxy: URL, target: string, seconds: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const request = (proxy.protocol === 'https:' ? https : http).request({
      host: proxy.hostname,
      port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...proxyAuthorization(proxy) },
      timeout: seconds * 1000,
    });
    request.on('connect', (response, socket: Socket) => {
      if (response.statusCode === 200) resolve(socket);
      else {
        socket.destroy();
        reject(
          new ProvisioningError({
            code: 'PROXY_REFUSED',
            kind: 'unavailable',
            message: `The proxy ${proxy.host} answered ${response.statusCode} for ${target}`,
            hint: 'check HTTPS_PROXY, its user and its rules',
          }),
        );
      }
    });
    request.on('timeout', () => request.destroy(timeoutError(proxy.host, seconds)));
    request.on('error', reject);
    request.end();
  });
}
