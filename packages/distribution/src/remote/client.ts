import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { isLoopback, ProvisioningError } from '@provisioning/extensions-sdk';
import { anonymous, type CredentialSource } from '../credentials/credential.ts';
import { readAll } from '../oci/content.ts';
import type { CallOptions } from '../oci/target.ts';
import { Authorizer, basic } from './authorizer.ts';
import { Connections, type ConnectionSettings, type RawResponse } from './connections.ts';
import { errorCode, isTransient, protocolError, statusError } from './errors.ts';

export interface ClientOptions extends ConnectionSettings {
  readonly credentials?: CredentialSource;
  /** Plain HTTP; default for this machine's own names (09 §5 `oci.tls_enabled`). */
  readonly plainHttp?: boolean;
  /** Attempts after the first. Default 3. */
  readonly retries?: number;
  /** Milliseconds before the first repetition; doubled each time. Default 1000. */
  readonly retryDelay?: number;
  readonly trustedTokenHosts?: readonly string[];
}

export interface Request extends CallOptions {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  /** Path below the registry's address, or a URL the registry gave. */
  readonly target: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Called for each attempt, so that a body can be sent again. */
  readonly body?: () => Promise<Readable | Uint8Array> | Readable | Uint8Array;
  readonly scopes?: readonly string[];
  /** Named in errors. */
  readonly repository?: string;
  /** Statuses that are an answer and not an error. Default every 2xx. */
  readonly accept?: readonly number[];
  /** An interface beside the distribution one, which asks for nothing: name and password are sent at once. */
  readonly basic?: boolean;
  /** The answer is large content that is read as it comes. */
  readonly large?: boolean;
  /** How often this request may be repeated; 0 for those whose caller resumes itself. */
  readonly retries?: number;
}

export interface Response extends RawResponse {
  /** The request's address after redirects. */
  readonly url: URL;
}

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const retryStatuses: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);
const maxRedirects = 10;
const maxRetryAfter = 120;

/** Where the registry API of a host is served; Docker Hub has another name for it. */
function apiHost(host: string): string {
  return host === 'docker.io' || host === 'index.docker.io' ? 'registry-1.docker.io' : host;
}

/** HTTP with one registry: authentication, redirects, retries and errors. */
export class RegistryClient {
  readonly host: string;
  readonly connections: Connections;
  readonly #options: ClientOptions;
  readonly #authorizer: Authorizer;
  #base: URL;

  constructor(host: string, options: ClientOptions = {}, connections = new Connections(options)) {
    this.host = host;
    this.connections = connections;
    this.#options = options;
    const plain = options.plainHttp ?? isLoopback(host);
    this.#base = new URL(`${plain ? 'http' : 'https'}://${apiHost(host)}/`);
    this.#authorizer = new Authorizer({
      host,
      connections,
      credentials: options.credentials ?? anonymous,
      ...(options.trustedTokenHosts === undefined ? {} : { trustedTokenHosts: options.trustedTokenHosts }),
    });
  }

  /** Address of the registry's API. */
  get base(): URL {
    return this.#base;
  }

  /** Sends a request until it is answered; the body of the response is left to the caller, who must consume it. */
  async send(request: Request): Promise<Response> {
    const retries = request.retries ?? this.#options.retries ?? 3;
    for (let attempt = 0; ; attempt++) {
      let wait = (this.#options.retryDelay ?? 1000) * 2 ** attempt;
      try {
        const response = await this.#authorized(request);
        if (this.#accepts(request, response.status)) return response;
        if (!retryStatuses.has(response.status) || attempt >= retries)
          throw await this.#failure(request, response);
        wait = retryAfter(response) ?? wait;
        response.body.destroy();
      } catch (error) {
        if (request.signal?.aborted === true) throw request.signal.reason;
        if (attempt >= retries || !isTransient(error)) throw error;
      }
      await delay(wait, undefined, request.signal === undefined ? {} : { signal: request.signal }).catch(
        () => {
          throw request.signal?.reason;
        },
      );
    }
  }

  /** Sends a request and reads its whole answer. */
  async read(
    request: Request & { readonly limit?: number },
  ): Promise<Omit<Response, 'body'> & { readonly body: Buffer }> {
    const retries = request.retries ?? this.#options.retries ?? 3;
    for (let attempt = 0; ; attempt++) {
      const response = await this.send(request);
      try {
        const limit = request.limit ?? 4 * 1024 * 1024;
        return {
          ...response,
          body: await this.#deadline(response, readAll(response.body, limit, 'The answer')),
        };
      } catch (error) {
        if (request.signal?.aborted === true) throw request.signal.reason;
        const broken = error instanceof ProvisioningError ? error.retryable : true;
        if (!broken || attempt >= retries) throw this.#broken(error);
      }
    }
  }

  /** A short answer must be complete within the time-out; dripping bytes do not keep a request alive for ever. */
  async #deadline<T>(response: Response, work: Promise<T>): Promise<T> {
    const limit = setTimeout(
      () => response.body.destroy(protocolError(this.host, 'its answer does not end')),
      this.connections.timeoutSeconds * 1000,
    );
    try {
      return await work;
    } finally {
      clearTimeout(limit);
    }
  }

  #broken(error: unknown): unknown {
    if (error instanceof ProvisioningError) return error;
    return new ProvisioningError({
      code: 'REGISTRY_UNREACHABLE',
      kind: 'unavailable',
      message: `Registry ${this.host} broke off its answer`,
      retryable: true,
      cause: error,
    });
  }

  #accepts(request: Request, status: number): boolean {
    return request.accept === undefined ? status >= 200 && status < 300 : request.accept.includes(status);
  }

  /** The address of a request target; a session address the registry gave stays on its scheme or a better one. */
  resolve(target: string | URL): URL {
    const url = new URL(target, this.#base);
    if (url.protocol !== 'https:' && url.protocol !== 'http:') {
      throw protocolError(this.host, `it points to a ${url.protocol} address`);
    }
    // Registries behind a proxy that ends TLS are known to give http addresses of themselves.
    if (this.#base.protocol === 'https:' && url.protocol === 'http:') {
      if (url.hostname !== this.#base.hostname)
        throw protocolError(this.host, `it points to ${url.host} without TLS`);
      url.protocol = 'https:';
      url.port = this.#base.port;
    }
    return url;
  }

  async #authorized(request: Request): Promise<Response> {
    const scopes = request.scopes ?? [];
    const url = this.resolve(request.target);
    const own = url.origin === this.#base.origin;
    let header = own
      ? ((request.basic === true ? await this.#basic() : undefined) ??
        (await this.#authorizer.header(scopes)))
      : undefined;
    for (let round = 0; ; round++) {
      const response = await this.#following(request, url, header);
      const challenge = response.headers['www-authenticate'];
      // Only the registry itself may ask; a challenge from where it redirected to is not answered.
      const fromRegistry = response.url.origin === this.#base.origin;
      if (response.status !== 401 || challenge === undefined || !fromRegistry || round > 0) return response;
      response.body.resume();
      const answer = await this.#authorizer.answer(challenge, scopes, request);
      if (answer === undefined || answer === header) return response;
      header = answer;
    }
  }

  async #basic(): Promise<string | undefined> {
    const { credentials = anonymous } = this.#options;
    const credential = await credentials.get(this.host);
    return credential?.password === undefined ? undefined : basic(credential);
  }

  async #following(request: Request, start: URL, authorization: string | undefined): Promise<Response> {
    let url = start;
    let { method } = request as { method: string };
    for (let hop = 0; hop <= maxRedirects; hop++) {
      const own = url.origin === this.#base.origin;
      const body = method === request.method ? await request.body?.() : undefined;
      const response = await this.#once(method, url, request, body, own ? authorization : undefined);
      const location = response.headers.location;
      const redirects = redirectStatuses.has(response.status) && location !== undefined;
      if (!redirects) return { ...response, url };
      response.body.resume();
      const next = this.resolve(new URL(location, url));
      if (response.status === 303 && method !== 'HEAD') method = 'GET';
      else if (method !== 'GET' && method !== 'HEAD' && response.status !== 307 && response.status !== 308) {
        throw protocolError(this.host, `it redirects ${method} with ${response.status}`);
      }
      url = next;
    }
    throw protocolError(this.host, `more than ${maxRedirects} redirects`);
  }

  async #once(
    method: string,
    url: URL,
    request: Request,
    body: Readable | Uint8Array | undefined,
    authorization: string | undefined,
  ): Promise<RawResponse> {
    const raw = {
      method,
      url,
      headers: { ...request.headers, ...(authorization === undefined ? {} : { authorization }) },
      ...(body === undefined ? {} : { body }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
      ...(request.large === true && method === 'GET' ? { large: true } : {}),
    };
    try {
      return await this.connections.request(raw);
    } catch (error) {
      const fallback = this.#withoutTls(url, error);
      if (fallback === undefined) throw error;
      const again = await request.body?.();
      return this.connections.request({
        ...raw,
        url: fallback,
        ...(again === undefined ? {} : { body: again }),
      });
    }
  }

  /** `--insecure` also means plain HTTP where the server speaks no TLS (09 §6). */
  #withoutTls(url: URL, error: unknown): URL | undefined {
    const cause = error instanceof ProvisioningError ? error.cause : undefined;
    const notTls = ['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'EPROTO'].includes(
      errorCode(cause),
    );
    if (!this.connections.insecure || !notTls || url.origin !== this.#base.origin) return undefined;
    this.#base = new URL(this.#base.href.replace(/^https:/, 'http:'));
    return new URL(url.href.replace(/^https:/, 'http:'));
  }

  async #failure(request: Request, response: Response): Promise<ProvisioningError> {
    const body = await readAll(response.body, 64 * 1024, 'The error').catch(() => Buffer.alloc(0));
    const wait = secondsToWait(response);
    return statusError({
      ...(wait === undefined ? {} : { retryAfter: wait }),
      status: response.status,
      host: this.host,
      method: request.method,
      body: body.toString('utf8'),
      ...(request.repository === undefined ? {} : { repository: request.repository }),
    });
  }
}

/** Milliseconds of `Retry-After`, bounded: how long a request waits before it is sent again. */
function retryAfter(response: RawResponse): number | undefined {
  const seconds = secondsToWait(response);
  return seconds === undefined ? undefined : Math.min(seconds, maxRetryAfter) * 1000;
}

/** Seconds of `Retry-After`, which is seconds, a date, or as some registries have it the second since 1970. */
function secondsToWait(response: RawResponse): number | undefined {
  const value = response.headers['retry-after'];
  if (value === undefined) return undefined;
  const given = /^\d+$/.test(value) ? Number(value) : undefined;
  const now = Date.now() / 1000;
  const seconds = given === undefined ? Date.parse(value) / 1000 - now : given > 1e9 ? given - now : given;
  return Number.isFinite(seconds) ? Math.max(seconds, 0) : undefined;
}
