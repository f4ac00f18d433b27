import { ConfigurationError } from './errors.ts';
import type { RetryOptions } from './http.ts';
import type { CircuitBreakerOptions } from './resilience.ts';
import type { Credentials } from './session.ts';
import type { Logger } from './socket.ts';

export interface CacheOptions {
  /** Records kept; default 1000. */
  readonly entries?: number;
  /** Milliseconds; default 300000. */
  readonly lifetime?: number;
}

/** 14 §2. What is left out comes from the environment (Node.js) or is the default. */
export interface ClientOptions extends Credentials {
  readonly baseUrl?: string;
  /** Where to log in; the host of `baseUrl` with port 8080 when that is the default, else `baseUrl` itself. */
  readonly authUrl?: string;
  /** Default workspace of requests. */
  readonly workspace?: string;
  readonly apiVersion?: 'v1' | 'v2' | 'v3' | 'auto';
  /** Milliseconds for one request; default 30000. */
  readonly timeout?: number;
  /** The same for logging in; default 10000. */
  readonly authTimeout?: number;
  readonly retry?: RetryOptions | false;
  readonly circuitBreaker?: boolean | CircuitBreakerOptions;
  readonly cache?: boolean | CacheOptions;
  readonly wsUrl?: string;
  readonly reconnect?: boolean;
  readonly reconnectInterval?: number;
  readonly maxReconnectAttempts?: number;
  readonly heartbeatInterval?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly userAgent?: string;
  /** Says what is wrong with an answer: `checkResponse` of `@provisioning/client/schemas`. A finding is a warning. */
  readonly validateResponses?: (operation: string, data: unknown) => readonly string[];
  readonly fetch?: typeof fetch;
  readonly WebSocket?: typeof WebSocket;
  readonly logger?: Logger;
  /** Ends everything the client does. */
  readonly signal?: AbortSignal;
}

type Complete = 'baseUrl' | 'authUrl' | 'wsUrl' | 'timeout' | 'authTimeout' | 'apiVersion';
export type ResolvedOptions = ClientOptions & Required<Pick<ClientOptions, Complete>>;

const defaultBase = 'http://localhost:9090';
const variables: Readonly<Partial<Record<keyof ClientOptions, readonly string[]>>> = {
  baseUrl: ['PROVISIONING_API_URL'],
  authUrl: ['PROVISIONING_AUTH_URL', 'CONTROL_CENTER_URL'],
  username: ['PROVISIONING_USERNAME'],
  password: ['PROVISIONING_PASSWORD'],
  token: ['PROVISIONING_AUTH_TOKEN'],
  workspace: ['PROVISIONING_WORKSPACE'],
  apiVersion: ['PROVISIONING_API_VERSION'],
};
const expected: Readonly<Record<string, string>> = {
  timeout: 'number',
  authTimeout: 'number',
  username: 'string',
  password: 'string',
  token: 'string',
  refreshToken: 'string',
  tokenProvider: 'function',
  workspace: 'string',
  reconnect: 'boolean',
  reconnectInterval: 'number',
  maxReconnectAttempts: 'number',
  heartbeatInterval: 'number',
  fetch: 'function',
  WebSocket: 'function',
  userAgent: 'string',
};

/** Options with the environment and the defaults. @throws ConfigurationError that names the option */
export function resolveOptions(options: ClientOptions): ResolvedOptions {
  const environment =
    (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env ?? {};
  const given: Record<string, unknown> = {};
  for (const [name, names] of Object.entries(variables)) {
    const value = names
      .map((variable) => environment[variable])
      .find((text) => text !== undefined && text !== '');
    if (value !== undefined) given[name] = value;
  }
  // Where to get a token is one decision: an explicit way in leaves the environment's aside.
  const explicit = ['token', 'tokenProvider', 'username', 'refreshToken'].some((name) => name in options);
  if (explicit) for (const name of ['token', 'username', 'password']) delete given[name];
  for (const [name, value] of Object.entries(options)) if (value !== undefined) given[name] = value;
  for (const [name, type] of Object.entries(expected)) {
    if (given[name] !== undefined && typeof given[name] !== type) {
      throw invalid(`Invalid option '${name}': expected a ${type}, found a ${typeof given[name]}`);
    }
  }
  const merged = given as ClientOptions;
  const baseUrl = url('baseUrl', merged.baseUrl ?? defaultBase);
  const { apiVersion = 'auto' } = merged;
  if (!['v1', 'v2', 'v3', 'auto'].includes(apiVersion)) {
    throw invalid(`Invalid option 'apiVersion': expected v1, v2, v3 or auto, found '${apiVersion}'`);
  }
  return {
    ...merged,
    apiVersion,
    baseUrl,
    authUrl: url('authUrl', merged.authUrl ?? (baseUrl === defaultBase ? 'http://localhost:8080' : baseUrl)),
    wsUrl: url('wsUrl', merged.wsUrl ?? baseUrl.replace(/^http/, 'ws')),
    timeout: merged.timeout ?? 30_000,
    authTimeout: merged.authTimeout ?? 10_000,
  };
}

/** Credentials over a line that anyone can read. */
export function isExposed({ baseUrl, authUrl, token, password, tokenProvider }: ResolvedOptions): boolean {
  if (token === undefined && password === undefined && tokenProvider === undefined) return false;
  return [baseUrl, authUrl].some((text) => {
    const { protocol, hostname } = new URL(text);
    return protocol === 'http:' && !['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  });
}

function url(name: string, text: string): string {
  let parsed: URL | undefined;
  try {
    parsed = new URL(text);
  } catch {
    // Reported below, like an address of another kind.
  }
  if (parsed === undefined || !/^(http|ws)s?:$/.test(parsed.protocol)) {
    throw invalid(
      `Invalid option '${name}': expected a URL such as ${defaultBase}, found '${text.slice(0, 100)}'`,
    );
  }
  return parsed.href.replace(/\/+$/, '');
}

function invalid(message: string): ConfigurationError {
  return new ConfigurationError({ code: 'CONFIGURATION_ERROR', message });
}
