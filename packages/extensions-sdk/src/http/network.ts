import type { Dispatcher } from 'undici';

/** How the machine reaches the internet; comes from the program, never read from the environment here (06 §2, §8). */
export interface NetworkSettings {
  readonly httpProxy?: string;
  readonly httpsProxy?: string;
  /** Hosts that are reached directly, as in `NO_PROXY`. */
  readonly noProxy?: string;
  /** Certificates of a private authority (PEM), on top of the usual ones. */
  readonly certificateAuthority?: string;
  /** No verification of TLS certificates: outside production only, always with a warning. */
  readonly skipTlsVerification?: boolean;
}

export interface RawRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** An answer larger than this is garbage, or an attack on our memory. */
const largestAnswer = 64 * 1024 * 1024;

/** Sends requests over kept-alive connections; undici is loaded with the first one. */
export class Network {
  readonly #settings: NetworkSettings;
  readonly #connectTimeout: number;
  #dispatcher: Promise<Dispatcher> | undefined;

  constructor(settings: NetworkSettings, connectTimeout: number) {
    this.#settings = settings;
    this.#connectTimeout = connectTimeout;
  }

  /** Redirects are not followed: credentials go to the configured service only. */
  async send({ method, url, headers, body, signal }: RawRequest): Promise<RawResponse> {
    this.#dispatcher ??= this.#connect();
    const dispatcher = await this.#dispatcher;
    const answer = await dispatcher.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: method as Dispatcher.HttpMethod,
      headers,
      body,
      signal,
    });
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of answer.body) {
      size += (chunk as Buffer).length;
      if (size > largestAnswer)
        throw new Error(`The answer is larger than ${largestAnswer / 1024 / 1024} MiB`);
      chunks.push(chunk as Buffer);
    }
    const flat: Record<string, string> = {};
    for (const [name, value] of Object.entries(answer.headers)) {
      if (value !== undefined) flat[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
    }
    return { status: answer.statusCode, headers: flat, text: Buffer.concat(chunks).toString('utf8') };
  }

  async close(): Promise<void> {
    const dispatcher = await this.#dispatcher;
    this.#dispatcher = undefined;
    await dispatcher?.destroy();
  }

  async #connect(): Promise<Dispatcher> {
    const { Agent, EnvHttpProxyAgent } = await import('undici');
    const {
      httpProxy = '',
      httpsProxy = '',
      noProxy = '',
      certificateAuthority,
      skipTlsVerification,
    } = this.#settings;
    const tls = {
      ...(skipTlsVerification === true ? { rejectUnauthorized: false } : {}),
      ...(certificateAuthority === undefined ? {} : { ca: certificateAuthority }),
    };
    const connect = { timeout: this.#connectTimeout * 1000, ...tls };
    // The request's own limit ends a stalled answer; undici's five minutes would end a long one too early.
    const limits = { headersTimeout: 0, bodyTimeout: 0 };
    if (httpProxy === '' && httpsProxy === '') return new Agent({ connect, ...limits });
    return new EnvHttpProxyAgent({ httpProxy, httpsProxy, noProxy, connect, requestTls: tls, ...limits });
  }
}
