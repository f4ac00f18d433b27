import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { ProvisioningError, type Secret } from '@provisioning/extensions-sdk';
import { Connections } from '../remote/connections.ts';
import { rateLimited } from '../remote/errors.ts';

export type GitHostKind = 'gitea' | 'forgejo' | 'github';

export interface GitHostOptions {
  readonly kind: GitHostKind;
  /** Address of the host; of GitHub, that of its API. */
  readonly url: string;
  /** Organization or user whose repositories are read. */
  readonly organization: string;
  /** A function where it may change. */
  readonly token?: Secret | (() => Secret | undefined);
  /** Hosts beside its own from which release assets are fetched. */
  readonly assetHosts?: readonly string[];
  /** Do not verify the host's certificate. */
  readonly insecure?: boolean;
  readonly now?: () => number;
}

export interface GitCall {
  readonly signal?: AbortSignal;
  readonly accept?: string;
}

const maxRedirects = 5;
const maxJson = 32 * 1024 * 1024;

/** Says in words why a request never arrived; `fetch` itself keeps the reason to itself. */
function unreachable(host: string, signal: AbortSignal | undefined): (error: unknown) => never {
  return (error) => {
    if (signal?.aborted === true) throw error;
    const cause = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
    const { code } = cause;
    throw new ProvisioningError({
      code: 'GIT_HOST_UNREACHABLE',
      kind: 'unavailable',
      message:
        code === 'ECONNREFUSED'
          ? `Connection refused to ${host}`
          : `Git host ${host} cannot be reached: ${cause.message}`,
      hint: 'check its address and the network',
      retryable: true,
      cause,
    });
  };
}

/** The REST API of a Gitea, Forgejo or GitHub host: its token, its rate limit, and where it may send a caller. */
export class GitHost {
  readonly kind: GitHostKind;
  readonly organization: string;
  readonly #options: GitHostOptions;
  readonly #api: string;
  /** What reads where certificates are not verified; `fetch` cannot do that. */
  readonly #unverified: Connections | undefined;
  #pausedUntil = 0;

  constructor(options: GitHostOptions) {
    this.kind = options.kind;
    this.organization = options.organization;
    this.#options = options;
    const url = options.url.replace(/\/+$/, '');
    this.#api = options.kind === 'github' ? url : `${url}/api/v1`;
    this.#unverified = options.insecure === true ? new Connections({ insecure: true }) : undefined;
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }

  /**
   * A request that changes something; only to the host itself.
   * @param path of the API, or the address that the host gave for uploads.
   */
  async send(
    method: 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body?: Readonly<Record<string, unknown>> | FormData | Uint8Array<ArrayBuffer>,
    call: GitCall = {},
  ): Promise<Response> {
    const url = new URL(/^https?:/.test(path) ? path : `${this.#api}${path}`);
    this.#checkHost(url, []);
    const { content, type } = encoded(body);
    const response = await fetch(url, {
      method,
      redirect: 'error',
      headers: { ...this.#headers(true), ...(type === undefined ? {} : { 'content-type': type }) },
      ...(content === undefined ? {} : { body: content }),
      ...(call.signal === undefined ? {} : { signal: call.signal }),
    }).catch(unreachable(url.host, call.signal));
    return this.#checked(response);
  }

  /** Reads a path of the API, or the address of an asset. 404 is an answer; everything else that failed is thrown. */
  async get(path: string, call: GitCall = {}): Promise<Response> {
    if (this.#now() < this.#pausedUntil) throw rateLimited(this.#pausedUntil);
    let url = new URL(/^https?:/.test(path) ? path : `${this.#api}${path}`);
    const home = new URL(this.#api).host;
    for (let hop = 0; hop <= maxRedirects; hop++) {
      this.#checkHost(url);
      // The token is for the host it was made for; a redirect elsewhere goes without it.
      const headers = { accept: call.accept ?? 'application/json', ...this.#headers(url.host === home) };
      const response = await this.#read(url, headers, call.signal);
      const location = response.headers.get('location');
      if (response.status < 300 || response.status >= 400 || location === null)
        return this.#checked(response);
      await response.body?.cancel();
      url = new URL(location, url);
    }
    throw new Error('too many redirects');
  }

  async #read(url: URL, headers: Record<string, string>, signal?: AbortSignal): Promise<Response> {
    const cancel = signal === undefined ? {} : { signal };
    if (this.#unverified === undefined)
      return fetch(url, { redirect: 'manual', headers, ...cancel }).catch(unreachable(url.host, signal));
    const answer = await this.#unverified.request({ method: 'GET', url, headers, ...cancel });
    const isEmpty = answer.status === 204 || answer.status === 304;
    const body = isEmpty ? null : (Readable.toWeb(answer.body) as ReadableStream<Uint8Array<ArrayBuffer>>);
    if (isEmpty) answer.body.resume();
    const named = Object.entries(answer.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)] satisfies [string, string]],
    );
    return new Response(body, { status: answer.status, headers: named });
  }

  /** A JSON answer, `undefined` for 404. */
  async json<T>(path: string, call: GitCall = {}): Promise<T | undefined> {
    const response = await this.get(path, call);
    if (response.status === 404) {
      await response.body?.cancel();
      return undefined;
    }
    return JSON.parse(await boundedText(response, maxJson)) as T;
  }

  /** Every entry of a list in pages, `undefined` for 404. */
  async pages<T>(path: string, call: GitCall = {}): Promise<readonly T[] | undefined> {
    const size = this.kind === 'github' ? 100 : 50;
    const limit = this.kind === 'github' ? 'per_page' : 'limit';
    const all: T[] = [];
    for (let page = 1; page <= 200; page++) {
      const found = await this.json<T[]>(`${path}?${limit}=${size}&page=${page}`, call);
      if (found === undefined && page === 1) return undefined;
      all.push(...(found ?? []));
      if ((found ?? []).length < size) break;
    }
    return all;
  }

  #headers(own: boolean): Record<string, string> {
    const given = this.#options.token;
    const token = typeof given === 'function' ? given() : given;
    const scheme = this.kind === 'github' ? 'Bearer' : 'token';
    return {
      'user-agent': 'provisioning',
      ...(token === undefined || !own ? {} : { authorization: `${scheme} ${token.reveal()}` }),
    };
  }

  /** Addresses come from configuration; what a release names must be there or on a host that was allowed. */
  #checkHost(url: URL, others = this.#options.assetHosts ?? []): void {
    const home = new URL(this.#api);
    const known = url.host === home.host || others.includes(url.host);
    const github =
      this.kind === 'github' && /(?:^|\.)(?:github\.com|githubusercontent\.com)$/.test(url.hostname);
    if (!known && !github) throw new Error(`an asset points to ${url.host}, which is not allowed`);
  }

  #checked(response: Response): Response {
    const spent = response.status === 403 && response.headers.get('x-ratelimit-remaining') === '0';
    if (response.status === 429 || spent) {
      const reset = Number(response.headers.get('x-ratelimit-reset')) * 1000;
      const after = Number(response.headers.get('retry-after')) * 1000;
      const now = this.#now();
      this.#pausedUntil = reset > now ? reset : now + (after > 0 ? after : 60_000);
      throw rateLimited(this.#pausedUntil);
    }
    if (response.status === 404 || response.status === 409 || response.ok) return response;
    throw new ProvisioningError({
      code: 'GIT_HOST',
      kind: response.status === 401 || response.status === 403 ? 'permission' : 'unavailable',
      retryable: response.status >= 500 || response.status === 408,
      message: response.status === 401 ? 'the token is invalid or expired' : `answered ${response.status}`,
    });
  }
}

function encoded(body: Readonly<Record<string, unknown>> | FormData | Uint8Array<ArrayBuffer> | undefined): {
  readonly content?: FormData | Uint8Array<ArrayBuffer> | string;
  readonly type?: string;
} {
  if (body === undefined) return {};
  // A form says its own type, which names what separates its parts.
  if (body instanceof FormData) return { content: body };
  if (body instanceof Uint8Array) return { content: body, type: 'application/octet-stream' };
  return { content: JSON.stringify(body), type: 'application/json' };
}

/** Text of an answer, refused beyond a limit. */
export async function boundedText(response: Response, limit: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > limit) throw new Error(`its answer is larger than ${limit} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
