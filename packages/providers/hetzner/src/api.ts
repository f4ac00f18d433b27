import {
  type ProviderContext,
  ProviderError,
  type ProviderErrorCode,
  type Secret,
} from '@provisioning/extensions-sdk';
import { findCredential, missingCredential, providerClient } from '@provisioning/extensions-sdk/cloud';
import { type HttpClient, providerError, waitUntil } from '@provisioning/extensions-sdk/http';
import type { ApiAction } from './api-types.ts';

export const name = 'hetzner';

/** Error codes of the API (https://docs.hetzner.cloud/#errors) in our classes. */
const errorCodes: Readonly<Record<string, ProviderErrorCode>> = {
  unauthorized: 'auth',
  forbidden: 'auth',
  token_readonly: 'auth',
  invalid_input: 'invalid',
  json_error: 'invalid',
  unsupported_error: 'unsupported',
  not_found: 'not_found',
  uniqueness_error: 'conflict',
  conflict: 'conflict',
  locked: 'conflict',
  protected: 'conflict',
  resource_limit_exceeded: 'quota',
  placement_error: 'quota',
  resource_unavailable: 'quota',
  rate_limit_exceeded: 'rate_limited',
  server_error: 'unavailable',
  service_error: 'unavailable',
  maintenance: 'unavailable',
  unavailable: 'unavailable',
  timeout: 'timeout',
};

const actionInterval = 1;
const lockInterval = 2;
const lockAttempts = 30;

export interface CallOptions {
  readonly operation: string;
  readonly signal?: AbortSignal;
  readonly repeatable?: boolean;
}

interface Page {
  readonly meta?: { readonly pagination?: { readonly next_page: number | null } };
}

/** Calls of the Hetzner Cloud API: bearer token, pages, locked resources, actions. */
export class HetznerApi {
  readonly http: HttpClient;
  readonly #token: Secret | undefined;
  readonly #limit: number;

  constructor(context: ProviderContext) {
    const token = findCredential(
      context,
      ['token', 'auth.token', 'auth.api_key'],
      ['PROVISIONING_PROVIDERS_HETZNER_TOKEN', 'HCLOUD_TOKEN'],
    );
    this.#token = token;
    const { running_timeout: limit } = context.config;
    this.#limit = typeof limit === 'number' ? limit : 600;
    this.http = providerClient(context, {
      provider: name,
      baseUrl: 'https://api.hetzner.cloud/v1',
      secrets: token === undefined ? [] : [token],
      headers: () => ({ authorization: `Bearer ${this.#credential().reveal()}` }),
      errorCodes,
    });
  }

  get hasToken(): boolean {
    return this.#token !== undefined;
  }

  #credential(): Secret {
    if (this.#token === undefined) throw missingCredential(name, 'API key', 'HCLOUD_TOKEN');
    return this.#token;
  }

  async get<T>(
    path: string,
    options: CallOptions,
    query?: Readonly<Record<string, string | number>>,
  ): Promise<T> {
    this.#credential();
    return (await this.http.request<T>({ method: 'GET', path, query, ...options })).body;
  }

  /** Everything of a list, page by page. `key` names the list in the answer. */
  async list<T>(
    path: string,
    key: string,
    options: CallOptions,
    query: Readonly<Record<string, string>> = {},
  ): Promise<T[]> {
    const items: T[] = [];
    for (let page: number | null = 1; page !== null;) {
      const body: Page & Readonly<Record<string, unknown>> = await this.get(path, options, {
        ...query,
        page,
        per_page: 50,
      });
      items.push(...((body[key] ?? []) as T[]));
      page = body.meta?.pagination?.next_page ?? null;
    }
    return items;
  }

  async post<T>(path: string, body: unknown, options: CallOptions): Promise<T> {
    return this.#change<T>('POST', path, body, options);
  }

  async put<T>(path: string, body: unknown, options: CallOptions): Promise<T> {
    return this.#change<T>('PUT', path, body, options);
  }

  /** What is already gone counts as deleted. @returns whether there was something. */
  async delete(path: string, options: CallOptions): Promise<boolean> {
    try {
      const body = await this.#change<{ action?: ApiAction } | undefined>('DELETE', path, undefined, options);
      if (body?.action !== undefined) await this.finish([body.action], options);
      return true;
    } catch (error) {
      if (error instanceof ProviderError && error.providerCode === 'not_found') return false;
      throw error;
    }
  }

  /** Posts an action and waits until it is done. */
  async act(path: string, body: unknown, options: CallOptions): Promise<void> {
    const { action, actions } = await this.post<{ action?: ApiAction; actions?: ApiAction[] }>(
      path,
      body,
      options,
    );
    await this.finish([...(action === undefined ? [] : [action]), ...(actions ?? [])], options);
  }

  /** Waits for actions. @throws ProviderError when one fails. */
  async finish(actions: readonly ApiAction[], options: CallOptions): Promise<void> {
    for (const first of actions) {
      let action = first;
      await waitUntil({
        ask: async () => {
          if (action.status === 'running') {
            action = (await this.get<{ action: ApiAction }>(`/actions/${action.id}`, options)).action;
          }
          return action.status === 'running' ? undefined : action;
        },
        what: `action ${action.command}`,
        state: 'success',
        interval: actionInterval,
        limit: this.#limit,
        clock: this.http.clock,
        provider: name,
        operation: options.operation,
        signal: options.signal,
      });
      if (action.status === 'error') {
        const { code = 'unknown', message = 'the action failed' } = action.error ?? {};
        throw providerError({
          provider: name,
          operation: options.operation,
          code: errorCodes[code] ?? 'unknown',
          text: `${action.command}: ${message}`,
        });
      }
    }
  }

  /** A locked resource has another action under way: the call waits for its turn. */
  async #change<T>(method: string, path: string, body: unknown, options: CallOptions): Promise<T> {
    this.#credential();
    for (let attempt = 1; ; attempt += 1) {
      try {
        return (await this.http.request<T>({ method, path, body, ...options })).body;
      } catch (error) {
        const locked = error instanceof ProviderError && /locked/i.test(error.message);
        if (!locked || error.providerCode !== 'conflict' || attempt >= lockAttempts) throw error;
        await this.http.clock.sleep(lockInterval * 1000, options.signal);
      }
    }
  }
}
