import { createHash } from 'node:crypto';
import { ProviderError, type ProviderErrorCode } from '../provider-error.ts';
import type { Secret } from '../secret.ts';
import { backoff, longestRetryAfter, parseRetryAfter } from './backoff.ts';
import { CatalogueCache } from './catalogue-cache.ts';
import { CircuitBreaker, endpointOf } from './circuit-breaker.ts';
import { type ApiFault, classify, faultOf, operationTitle, providerError } from './classify.ts';
import { type Clock, systemClock } from './clock.ts';
import { Network, type NetworkSettings, type RawRequest, type RawResponse } from './network.ts';
import { defaultRateLimit, type RateLimit, TokenBucket } from './rate-limit.ts';
import { redact } from './redact.ts';

export interface HttpClientOptions {
  readonly provider: string;
  /** `https://…`; plain `http` only for this machine. */
  readonly baseUrl: string;
  /** Headers of every request, asked for anew each time so that secrets are revealed late. */
  readonly headers?: () => Readonly<Record<string, string>>;
  /** Headers that follow from the request, such as its signature; made for each attempt. */
  readonly sign?: (request: Pick<RawRequest, 'method' | 'url' | 'body'>) => Readonly<Record<string, string>>;
  /** Reads answers of a service that does not speak JSON. @throws when it is no answer of that service. */
  readonly parse?: (text: string) => unknown;
  /** Values that must never show in an error or a log. The first one names the account for the rate limit. */
  readonly secrets?: readonly Secret[];
  /** Seconds for one attempt. Default 30. */
  readonly timeout?: number;
  /** Seconds for the connection. Default 5. */
  readonly connectTimeout?: number;
  /** Attempts in total. Default 3. */
  readonly attempts?: number;
  readonly rateLimit?: RateLimit;
  /** Shared state: rate limit and catalogue. */
  readonly cacheDir: string;
  readonly network?: NetworkSettings;
  readonly clock?: Clock;
  /** The service's own error codes. */
  readonly errorCodes?: Readonly<Record<string, ProviderErrorCode>>;
  /** Header that carries the idempotency key, where the service has one. */
  readonly idempotencyHeader?: string;
  readonly log?: (level: 'debug' | 'info' | 'warn' | 'error', message: string) => void;
}

export interface HttpRequest {
  readonly method: string;
  /** Below the base URL, with a leading slash. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON; a service with a `parse` of its own gets a text as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Name of the provider function, for errors: `createServer`. */
  readonly operation: string;
  /** Makes a POST repeatable: the service, or the caller, sees that nothing is done twice. */
  readonly idempotencyKey?: string;
  /** A POST that may be repeated because it asks for a state, such as powering on. */
  readonly repeatable?: boolean;
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

export interface HttpResponse<T = unknown> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: T;
}

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);
const idempotentMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE']);
const repeatedStatuses: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

/** The HTTP client every provider uses (06 §8): limits, retries, circuit breaker, catalogue, errors in one shape. */
export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #base: URL;
  readonly #clock: Clock;
  readonly #network: Network;
  readonly #bucket: TokenBucket;
  readonly #breaker: CircuitBreaker;
  readonly #catalogue: CatalogueCache;

  /** @throws ProviderError `invalid` when the base URL is none, or sends credentials in clear. */
  constructor(options: HttpClientOptions) {
    this.#options = options;
    this.#base = baseUrl(options);
    this.#clock = options.clock ?? systemClock;
    this.#network = new Network(options.network ?? {}, options.connectTimeout ?? 5);
    const account = createHash('sha256')
      .update(options.secrets?.[0]?.reveal() ?? '')
      .digest('hex');
    this.#bucket = new TokenBucket({
      limit: options.rateLimit ?? defaultRateLimit,
      clock: this.#clock,
      cacheDir: options.cacheDir,
      key: `${options.provider} ${this.#base.origin} ${account}`,
    });
    this.#breaker = new CircuitBreaker({ now: () => this.#clock.now() });
    this.#catalogue = new CatalogueCache({
      directory: options.cacheDir,
      scope: `${this.#base.href} ${account}`,
      now: () => this.#clock.now(),
      warn: (message) => options.log?.('warn', message),
    });
    if (options.network?.skipTlsVerification === true) {
      options.log?.('warn', `TLS certificates of ${this.#base.host} are not verified`);
    }
  }

  get clock(): Clock {
    return this.#clock;
  }

  /** Catalogue data (plans, zones, images, prices): a day on disk, the old ones when the service can't be reached. */
  catalogue<T>(key: string, load: () => Promise<T>, options?: { readonly refresh?: boolean }): Promise<T> {
    return this.#catalogue.get(key, load, options);
  }

  /**
   * One call with its retries. @throws ProviderError; secrets are never in it.
   */
  async request<T = unknown>(request: HttpRequest): Promise<HttpResponse<T>> {
    const { provider } = this.#options;
    const { operation, signal } = request;
    const method = request.method.toUpperCase();
    if (!methods.has(method)) {
      throw providerError({
        provider,
        operation,
        code: 'invalid',
        message: `Unsupported HTTP method: ${request.method}`,
      });
    }
    signal?.throwIfAborted();
    const endpoint = endpointOf(method, request.path);
    this.#breaker.check(endpoint, { provider, operation });
    try {
      const response = await this.#attempts(method, request);
      this.#breaker.succeeded(endpoint);
      return response as HttpResponse<T>;
    } catch (error) {
      if (signal?.aborted === true) this.#breaker.undecided(endpoint);
      else if (error instanceof ProviderError && isOutage(error)) this.#breaker.failed(endpoint);
      else this.#breaker.succeeded(endpoint);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#network.close();
  }

  async #attempts(method: string, request: HttpRequest): Promise<HttpResponse> {
    const { provider } = this.#options;
    const { operation, signal } = request;
    const timeout = request.timeout ?? this.#options.timeout ?? 30;
    const repeatable =
      idempotentMethods.has(method) || request.idempotencyKey !== undefined || request.repeatable === true;
    const attempts = Math.max(1, this.#options.attempts ?? 3);
    for (let attempt = 1; ; attempt += 1) {
      await this.#bucket.take({ longest: timeout, provider, operation, signal });
      let failure: ProviderError;
      // A refused request did nothing, so 429 may be repeated whatever the method is.
      let mayRepeat = repeatable;
      try {
        const response = await this.#send(method, request, timeout);
        await this.#followLimits(response);
        const parsed = response.status >= 200 && response.status < 300 ? this.#parse(response) : undefined;
        if (parsed !== undefined) return parsed;
        failure = this.#refusal(response, operation);
        mayRepeat = repeatable && (repeatedStatuses.has(response.status) || response.status < 300);
        mayRepeat ||= response.status === 429;
      } catch (error) {
        signal?.throwIfAborted();
        failure = this.#networkFailure(error, operation, timeout);
        mayRepeat ||= neverSent(error);
      }
      const asked = failure.retryAfter;
      if (!mayRepeat || attempt >= attempts || (asked !== undefined && asked > longestRetryAfter)) {
        throw attempt > 1 ? afterRetries(failure) : failure;
      }
      const seconds = asked ?? backoff(attempt + 1, this.#clock);
      this.#log(
        'debug',
        `${failure.message}; attempt ${attempt + 1} of ${attempts} in ${seconds.toFixed(1)} s`,
      );
      await this.#clock.sleep(seconds * 1000, signal);
    }
  }

  async #send(method: string, request: HttpRequest, timeout: number): Promise<RawResponse> {
    const url = new URL(this.#base.href.replace(/\/$/, '') + request.path);
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const { idempotencyHeader } = this.#options;
    const key =
      idempotencyHeader === undefined || request.idempotencyKey === undefined
        ? {}
        : { [idempotencyHeader]: request.idempotencyKey };
    const { parse, sign } = this.#options;
    const body =
      request.body === undefined || parse !== undefined
        ? (request.body as string | undefined)
        : JSON.stringify(request.body);
    const limit = AbortSignal.timeout(timeout * 1000);
    return this.#network.send({
      method,
      url,
      headers: {
        ...(parse === undefined ? { accept: 'application/json' } : {}),
        'user-agent': 'provisioning',
        ...(body === undefined || parse !== undefined ? {} : { 'content-type': 'application/json' }),
        ...this.#options.headers?.(),
        ...request.headers,
        ...key,
        ...sign?.({ method, url, body }),
      },
      body,
      signal: request.signal === undefined ? limit : AbortSignal.any([limit, request.signal]),
    });
  }

  /** `RateLimit-Remaining: 0` with `RateLimit-Reset`: the next request waits until the service has a place again. */
  async #followLimits({ status, headers }: RawResponse): Promise<void> {
    if (headers['ratelimit-remaining'] !== '0' || status === 429) return;
    const reset = Number(headers['ratelimit-reset']);
    if (!Number.isFinite(reset)) return;
    const full = reset > 1e9 ? reset - this.#clock.now() / 1000 : reset;
    const places = Number(headers['ratelimit-limit']);
    await this.#bucket.pause(Math.min(Math.max(0, places > 0 ? full / places : full), longestRetryAfter));
  }

  #refusal(response: RawResponse, operation: string): ProviderError {
    const language = this.#options.parse === undefined ? 'JSON' : 'an answer of that service';
    const fault: ApiFault =
      response.status < 300
        ? { text: `${this.#base.host} answered ${response.status} with something that is not ${language}` }
        : faultOf(this.#parse(response)?.body ?? response.text);
    // Whoever answers a success in another language is a proxy or a broken service: what happened behind it is unknown.
    const code =
      response.status < 300 ? 'unavailable' : classify(response.status, fault, this.#options.errorCodes);
    const text = redact(fault.text ?? `status ${response.status}`, this.#options.secrets ?? []);
    return providerError({
      provider: this.#options.provider,
      operation,
      code,
      text: fault.code === undefined || text.includes(fault.code) ? text : `${text}, ${fault.code}`,
      status: response.status,
      retryAfter: parseRetryAfter(response.headers['retry-after'], this.#clock.now()),
    });
  }

  #networkFailure(error: unknown, operation: string, timeout: number): ProviderError {
    const { name, message, code } = error as Error & { code?: string };
    const provider = this.#options.provider;
    if (name === 'TimeoutError') {
      const text = `no answer from ${this.#base.host} within ${timeout} s`;
      return providerError({ provider, operation, code: 'timeout', text });
    }
    const reason = redact([code, message].filter(Boolean).join(' '), this.#options.secrets ?? []);
    return providerError({ provider, operation, code: 'unavailable', text: `${this.#base.host}: ${reason}` });
  }

  /** The answer with its body read; nothing when it can't be. */
  #parse({ status, headers, text }: RawResponse): HttpResponse | undefined {
    if (text === '') return { status, headers, body: undefined };
    try {
      return { status, headers, body: (this.#options.parse ?? JSON.parse)(text) };
    } catch {
      return undefined;
    }
  }

  #log(level: 'debug' | 'warn', message: string): void {
    this.#options.log?.(level, redact(message, this.#options.secrets ?? []));
  }
}

/** What is shown when every attempt met an outage (06 §8, S:4913-4929). */
function afterRetries(failure: ProviderError): ProviderError {
  if (failure.providerCode !== 'unavailable') return failure;
  const { provider, operation, status, retryAfter, message, hint } = failure;
  const said = message.slice(message.indexOf(': ') + 2);
  return new ProviderError({
    provider,
    operation,
    code: 'unavailable',
    message: `${operationTitle(operation)}: API call failed after retries (${said})`,
    help: hint,
    status,
    retryAfter,
  });
}

/** Outages open the circuit; refusals (wrong key, not found, limits) show that the service works. */
function isOutage(error: ProviderError): boolean {
  return error.providerCode === 'unavailable' || error.providerCode === 'timeout';
}

/** Errors before the request left this machine: even a create can be tried again. */
function neverSent(error: unknown): boolean {
  const { code } = error as { code?: string };
  return [
    'ECONNREFUSED',
    'ENOTFOUND',
    'EAI_AGAIN',
    'UND_ERR_CONNECT_TIMEOUT',
    'ENETUNREACH',
    'EHOSTUNREACH',
  ].includes(code ?? '');
}

function baseUrl({ baseUrl: value, provider }: HttpClientOptions): URL {
  const invalid = (message: string) =>
    providerError({ provider, operation: 'init', code: 'invalid', message });
  if (value === '')
    throw new ProviderError({
      ...{ provider, operation: 'init', code: 'invalid' },
      message: `API URL not configured for provider ${provider}`,
      help: `Add 'api_url' to providers.${provider} configuration`,
    });
  if (!URL.canParse(value)) throw invalid(`API URL of provider ${provider} is no URL: ${value}`);
  const url = new URL(value);
  const local = url.hostname === 'localhost' || url.hostname === '[::1]' || /^127\./.test(url.hostname);
  if (url.protocol === 'https:' || (url.protocol === 'http:' && local)) return url;
  throw invalid(`API URL of provider ${provider} must use https: ${url.protocol}//${url.host}`);
}
