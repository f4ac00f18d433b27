import {
  AuthenticationError,
  ConfigurationError,
  errorOf,
  NetworkError,
  ProtocolError,
  type ProvisioningAPIError,
  TimeoutError,
} from './errors.ts';
import type { ApiError } from './schemas/envelope.ts';
import { delay } from './timing.ts';

export interface RetryOptions {
  /** Attempts in all; default 3. */
  readonly attempts?: number;
  readonly statuses?: readonly number[];
  /** Milliseconds before the second attempt; doubled each time, ±20 %. Default 1000. */
  readonly baseDelay?: number;
}

export interface HttpOptions {
  readonly endpoint: string;
  /** A token, or where to get one. Absent: none is sent (solo mode). */
  readonly token?: () => Promise<string | undefined> | string | undefined;
  /** Milliseconds for one request; default 30000. */
  readonly timeout?: number;
  readonly retry?: RetryOptions | false;
  readonly headers?: Readonly<Record<string, string>>;
  readonly fetch?: typeof fetch;
  /** Told of a 401 with the token that was sent; answers whether the request is worth repeating with another. */
  readonly onUnauthorized?: (token: string | undefined) => Promise<boolean>;
  /** Told of a 401 that stays. */
  readonly onRefused?: (error: AuthenticationError) => void;
  /** Told of every answer: its request, its headers and the milliseconds that it took. */
  readonly onAnswer?: (request: HttpRequest, answer: Response, milliseconds: number) => void;
  /** Takes secrets out of what a server says in its errors. */
  readonly clean?: (text: string) => string;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly timeout?: number;
  /** Sent with every call that creates work; made when absent, constant over retries. */
  readonly idempotencyKey?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HttpRequest extends CallOptions {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  /** The answer is text or another shape, not the envelope. */
  readonly raw?: boolean;
  /** Told every piece of a text as it comes; an answer that is an error stays whole. */
  readonly onText?: (piece: string) => void;
  /** False: one attempt only. */
  readonly retry?: false;
  /** Sent without token, also where there is one. */
  readonly anonymous?: boolean;
  /** Statuses that are answers, not errors, although they are not 2xx. */
  readonly accept?: readonly number[];
}

export interface HttpAnswer<T> {
  readonly status: number;
  readonly data: T;
  readonly headers: Headers;
}

const defaultStatuses = [429, 500, 502, 503, 504];

async function textOf(response: Response, onText: HttpRequest['onText']): Promise<string> {
  if (onText === undefined || !response.ok || response.body === null) return response.text();
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) onText(piece);
  return '';
}

/** JSON over HTTP with the envelope, the errors, the time limits and the retries of 13 §1 and 14 §6. */
export class Http {
  readonly endpoint: string;
  readonly #options: HttpOptions;
  #wrap = <T>(work: () => Promise<T>): Promise<T> => work();

  constructor(options: HttpOptions) {
    let url: URL;
    try {
      url = new URL(options.endpoint);
    } catch {
      throw new ConfigurationError({
        code: 'CONFIGURATION_ERROR',
        message: `Invalid endpoint '${options.endpoint}': expected a URL such as http://localhost:9090`,
      });
    }
    this.endpoint = url.href.replace(/\/+$/, '');
    this.#options = options;
  }

  /** Every call from now on goes through `wrap`, all its attempts together. */
  around(wrap: <T>(work: () => Promise<T>) => Promise<T>): void {
    this.#wrap = wrap;
  }

  call<T>(request: HttpRequest): Promise<HttpAnswer<T>> {
    return this.#wrap(() => this.#attempts<T>(request));
  }

  async #attempts<T>(request: HttpRequest): Promise<HttpAnswer<T>> {
    const configured = request.retry ?? this.#options.retry;
    const retry = configured === false ? { attempts: 1 } : (configured ?? {});
    const attempts = retry.attempts ?? 3;
    const statuses = retry.statuses ?? defaultStatuses;
    const key =
      request.method === 'GET' ? undefined : (request.idempotencyKey ?? globalThis.crypto.randomUUID());
    let renewed = false;
    for (let attempt = 1; ; attempt++) {
      const token = request.anonymous ? undefined : await this.#options.token?.();
      try {
        return await this.#once<T>(request, key, token);
      } catch (error) {
        const failure = error as ProvisioningAPIError & { retryAfter?: number };
        if (failure instanceof AuthenticationError && !request.anonymous) {
          const again = !renewed && (await this.#options.onUnauthorized?.(token));
          renewed = true;
          if (again) {
            attempt--;
            continue;
          }
          this.#options.onRefused?.(failure);
        }
        const again =
          failure instanceof NetworkError ||
          failure instanceof TimeoutError ||
          (failure.status !== undefined && statuses.includes(failure.status));
        if (!again || attempt >= attempts || request.signal?.aborted) throw error;
        const base = (retry.baseDelay ?? 1000) * 2 ** (attempt - 1) * (0.8 + Math.random() * 0.4);
        await delay(Math.max(base, Math.min(failure.retryAfter ?? 0, 60) * 1000), request.signal);
      }
    }
  }

  async #once<T>(
    request: HttpRequest,
    key: string | undefined,
    token: string | undefined,
  ): Promise<HttpAnswer<T>> {
    const url = new URL(this.endpoint + request.path);
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const where = { method: request.method, url: url.origin + url.pathname, idempotencyKey: key };
    const began = performance.now();
    const limit = request.timeout ?? this.#options.timeout ?? 30_000;
    const timeout = limit > 0 ? AbortSignal.timeout(limit) : undefined;
    const signals = [timeout, request.signal].filter((signal) => signal !== undefined);
    let response: Response;
    let text: string;
    try {
      response = await (this.#options.fetch ?? fetch)(url, {
        method: request.method,
        headers: {
          accept: 'application/json',
          ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(key === undefined ? {} : { 'idempotency-key': key }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...this.#options.headers,
          ...request.headers,
        },
        redirect: 'error',
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
        ...(signals.length === 0 ? {} : { signal: AbortSignal.any(signals) }),
      });
      text = await textOf(response, request.onText);
      this.#options.onAnswer?.(request, response, performance.now() - began);
    } catch (error) {
      if (request.signal?.aborted) throw request.signal.reason;
      if (timeout?.aborted) {
        throw new TimeoutError({
          ...where,
          code: 'TIMEOUT',
          message: `${request.method} ${where.url} took longer than ${limit} ms`,
          retryable: true,
          cause: error,
        });
      }
      throw networkError(error, url, where);
    }
    if (!response.ok && !request.accept?.includes(response.status))
      throw failed(response, this.#options.clean?.(text) ?? text, where);
    if (request.raw || response.status === 204) {
      return { status: response.status, data: text as T, headers: response.headers };
    }
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch (cause) {
      throw new ProtocolError({
        ...where,
        status: response.status,
        code: 'PROTOCOL_ERROR',
        message: `Expected JSON from ${where.url}, found: ${text.slice(0, 200)}`,
        cause,
      });
    }
    const data = (parsed as { data?: T }).data;
    return { status: response.status, data: data as T, headers: response.headers };
  }
}

function failed(
  response: Response,
  text: string,
  where: { method: string; url: string; idempotencyKey: string | undefined },
): ProvisioningAPIError {
  const header = response.headers.get('retry-after');
  const retryAfter = header === null ? undefined : seconds(header);
  const base = {
    ...where,
    status: response.status,
    requestId: response.headers.get('x-request-id') ?? undefined,
    retryAfter,
    retryable: response.status >= 500 || response.status === 429,
  };
  try {
    const body = JSON.parse(text) as { error?: ApiError | string };
    if (typeof body.error === 'string') return errorOf({ code: 'UNKNOWN', message: body.error }, base);
    if (body.error) return errorOf(body.error, base);
  } catch {
    // Not JSON: a proxy's page, reported below.
  }
  return new ProtocolError({
    ...base,
    code: 'PROTOCOL_ERROR',
    message: `${where.method} ${where.url} answered ${response.status} without the error envelope: ${text.slice(0, 200)}`,
  });
}

function seconds(header: string): number {
  const number = Number(header);
  if (Number.isFinite(number)) return number;
  const date = Date.parse(header);
  return Number.isNaN(date) ? 60 : Math.max(0, (date - Date.now()) / 1000);
}

function networkError(error: unknown, url: URL, where: object): NetworkError {
  const cause = (error as { cause?: { code?: string } }).cause;
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  return new NetworkError({
    ...where,
    code: cause?.code === 'ECONNREFUSED' ? 'CONNECTION_REFUSED' : 'NETWORK_ERROR',
    message: `connect ${cause?.code ?? 'failed'} ${url.host}`,
    retryable: true,
    cause: error,
    ...(loopback ? { hint: 'provisioning orchestrator start' } : {}),
  });
}
