import { readFileSync } from 'node:fs';
import type { Agent, IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

// Not imported: the facades of these two make Node load its whole HTTP client library, on every start of a command.
const plain = process.getBuiltinModule('node:http');
const secure = process.getBuiltinModule('node:https');

/** Where an engine listens. */
export type Endpoint =
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly certificates?: string };

/** What the engine answered when it refused a request, or why it could not be asked (`status` 0). */
export class EngineError extends Error {
  readonly status: number;
  /** True when the connection failed: whether the engine did what was asked is unknown. */
  readonly broken: boolean;

  constructor(message: string, status: number, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'EngineError';
    this.status = status;
    this.broken = ['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(codeOf(cause) ?? '');
  }
}

export interface EngineRequest {
  readonly query?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly json?: unknown;
  /** Raw bytes as the body; a tar archive wherever the Docker API takes one. */
  readonly body?: Readable | Uint8Array;
  readonly signal?: AbortSignal;
  /** Milliseconds until the headers of the answer must be there. Default 60 s. */
  readonly timeout?: number;
}

/** An address as people write it: `unix:///run/docker.sock`, `tcp://host:2375`. `undefined` for other schemes. */
export function parseEndpoint(address: string, certificates?: string): Endpoint | undefined {
  if (address.startsWith('/')) return { kind: 'socket', path: address };
  const match = /^(unix|tcp|http|https):\/\/(.*)$/.exec(address);
  if (match === null) return undefined;
  if (match[1] === 'unix') return { kind: 'socket', path: match[2]! };
  const url = new URL(`http://${match[2]}`);
  const secure = certificates !== undefined || match[1] === 'https';
  return {
    kind: 'tcp',
    host: url.hostname,
    port: Number(url.port) || (secure ? 2376 : 2375),
    ...(secure ? { certificates: certificates ?? '' } : {}),
  };
}

export function endpointName(endpoint: Endpoint): string {
  return endpoint.kind === 'socket' ? endpoint.path : `${endpoint.host}:${endpoint.port}`;
}

/** HTTP to one engine over its socket, with connections kept open between requests. */
export class EngineHttp {
  readonly endpoint: Endpoint;
  readonly #agent: Agent;
  readonly #secure: boolean;

  constructor(endpoint: Endpoint) {
    this.endpoint = endpoint;
    this.#secure = endpoint.kind === 'tcp' && endpoint.certificates !== undefined;
    this.#agent = this.#secure
      ? new secure.Agent({ keepAlive: true, ...certificates(endpoint) })
      : new plain.Agent({ keepAlive: true });
  }

  /** The answer as JSON; `undefined` when it has no body. @throws EngineError for every status of 400 and above. */
  async json<T>(method: string, path: string, options: EngineRequest = {}): Promise<T> {
    const { body } = await this.text(method, path, options);
    return (body === '' ? undefined : JSON.parse(body)) as T;
  }

  async text(
    method: string,
    path: string,
    options: EngineRequest = {},
  ): Promise<{ body: string; headers: IncomingMessage['headers'] }> {
    const response = await this.open(method, path, options);
    return { body: await readAll(response), headers: response.headers };
  }

  /** The answer as a stream. @throws EngineError for every status of 400 and above. */
  async open(method: string, path: string, options: EngineRequest = {}): Promise<IncomingMessage> {
    const response = await this.#send(method, path, options).catch((error: unknown) => {
      // A question whose connection broke is asked once more; what changes something is up to the caller.
      if (method !== 'GET' || !(error instanceof EngineError) || !error.broken) throw error;
      return this.#send(method, path, options);
    });
    const status = response.statusCode ?? 0;
    if (status < 400) return response;
    const body = await readAll(response);
    throw new EngineError(messageOf(body) || `HTTP ${status}`, status);
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(method: string, path: string, options: EngineRequest): Promise<IncomingMessage> {
    const payload = options.json === undefined ? options.body : Buffer.from(JSON.stringify(options.json));
    const headers: Record<string, string> = { host: 'engine' };
    if (options.json !== undefined) headers['content-type'] = 'application/json';
    else if (payload !== undefined) headers['content-type'] = 'application/x-tar';
    if (payload instanceof Uint8Array) headers['content-length'] = String(payload.byteLength);
    const target =
      this.endpoint.kind === 'socket'
        ? { socketPath: this.endpoint.path }
        : { host: this.endpoint.host, port: this.endpoint.port };
    return new Promise((resolve, reject) => {
      const send = this.#secure ? secure.request : plain.request;
      const request = send({
        ...target,
        method,
        path: path + queryString(options.query),
        headers,
        agent: this.#agent,
        signal: options.signal,
      });
      const limit = options.timeout ?? 60_000;
      const timer = setTimeout(
        () => request.destroy(new EngineError(`no answer within ${limit / 1000} s`, 0)),
        limit,
      );
      request.once('response', (response) => {
        clearTimeout(timer);
        resolve(response);
      });
      request.once('error', (error) => {
        clearTimeout(timer);
        if (options.signal?.aborted === true || error instanceof EngineError) reject(error);
        else reject(new EngineError(connectionFailure(error), 0, error));
      });
      if (payload === undefined) request.end();
      else if (payload instanceof Uint8Array) request.end(payload);
      else {
        pipeline(payload, request).catch((error: unknown) => {
          clearTimeout(timer);
          reject(error);
        });
      }
    });
  }
}

/** The lines of a stream of JSON objects, as `images/create` and `images/load` answer. */
export async function* jsonLines(stream: Readable): AsyncGenerator<Record<string, unknown>> {
  let rest = '';
  for await (const chunk of stream) {
    rest += String(chunk);
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line) as Record<string, unknown>;
  }
  if (rest.trim() !== '') yield JSON.parse(rest) as Record<string, unknown>;
}

async function readAll(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function queryString(query: EngineRequest['query']): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value === undefined) continue;
    for (const one of typeof value === 'string' ? [value] : value) parameters.append(key, one);
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

function messageOf(body: string): string {
  try {
    const parsed = JSON.parse(body) as { message?: string; cause?: string };
    return parsed.message ?? parsed.cause ?? '';
  } catch {
    return body.trim();
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

function connectionFailure(error: Error): string {
  const code = codeOf(error);
  if (code === 'ENOENT') return 'the socket does not exist';
  if (code === 'ECONNREFUSED') return 'nothing listens there';
  if (code === 'EACCES') return 'no permission to use the socket';
  return error.message;
}

function certificates(endpoint: Endpoint): { ca?: Buffer; cert?: Buffer; key?: Buffer } {
  if (endpoint.kind !== 'tcp' || !endpoint.certificates) return {};
  const file = (name: string) => readFileSync(join(endpoint.certificates!, name));
  return { ca: file('ca.pem'), cert: file('cert.pem'), key: file('key.pem') };
}
