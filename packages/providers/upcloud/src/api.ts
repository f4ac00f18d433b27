import {
  type ProviderContext,
  ProviderError,
  type ProviderErrorCode,
  type Secret,
} from '@provisioning/extensions-sdk';
import { findCredential, missingCredential, providerClient } from '@provisioning/extensions-sdk/cloud';
import type { HttpClient } from '@provisioning/extensions-sdk/http';
import type { ApiServer, ApiStorage } from './api-types.ts';

export const name = 'upcloud';

/** Error codes of the API in our classes; the others follow from the status. */
const errorCodes: Readonly<Record<string, ProviderErrorCode>> = {
  AUTHENTICATION_FAILED: 'auth',
  ACTION_FORBIDDEN: 'auth',
  INSUFFICIENT_CREDITS: 'quota',
  SERVER_RESOURCES_UNAVAILABLE: 'quota',
  STORAGE_RESOURCES_UNAVAILABLE: 'quota',
  TRIAL_PLAN: 'quota',
  SERVER_NOT_FOUND: 'not_found',
  STORAGE_NOT_FOUND: 'not_found',
  NETWORK_NOT_FOUND: 'not_found',
  SERVICE_NOT_FOUND: 'not_found',
  SERVER_STATE_ILLEGAL: 'conflict',
  STORAGE_STATE_ILLEGAL: 'conflict',
};

export interface CallOptions {
  readonly operation: string;
  readonly signal?: AbortSignal;
  readonly repeatable?: boolean;
}

type Query = Readonly<Record<string, string | number>>;

const illegalStateAttempts = 30;
const illegalStateInterval = 5;

/** Calls of the UpCloud API 1.3 with an API token, or with the name and password of an API user. */
export class UpcloudApi {
  readonly http: HttpClient;
  readonly #token: Secret | undefined;
  readonly #username: Secret | undefined;
  readonly #password: Secret | undefined;

  constructor(context: ProviderContext) {
    this.#token = findCredential(
      context,
      ['token', 'auth.token'],
      ['PROVISIONING_PROVIDERS_UPCLOUD_TOKEN', 'UPCLOUD_TOKEN'],
    );
    this.#username = findCredential(
      context,
      ['username', 'api_user', 'auth.username'],
      ['PROVISIONING_PROVIDERS_UPCLOUD_USERNAME', 'UPCLOUD_USERNAME', 'UPCLOUD_USER'],
    );
    this.#password = findCredential(
      context,
      ['password', 'api_password', 'auth.password'],
      ['PROVISIONING_PROVIDERS_UPCLOUD_PASSWORD', 'UPCLOUD_PASSWORD'],
    );
    this.http = providerClient(context, {
      provider: name,
      baseUrl: 'https://api.upcloud.com/1.3',
      secrets: [this.#token, this.#username, this.#password].filter((secret) => secret !== undefined),
      headers: () => ({ authorization: this.#authorization() }),
      timeout: 180,
      errorCodes,
    });
  }

  get credentials() {
    if (this.#token !== undefined) return [];
    return [
      { found: this.#username !== undefined, message: 'Missing API key', variable: 'UPCLOUD_USERNAME' },
      { found: this.#password !== undefined, message: 'Missing API secret', variable: 'UPCLOUD_PASSWORD' },
    ];
  }

  #authorization(): string {
    if (this.#token !== undefined) return `Bearer ${this.#token.reveal()}`;
    if (this.#username === undefined) throw missingCredential(name, 'API key', 'UPCLOUD_USERNAME');
    if (this.#password === undefined) throw missingCredential(name, 'API secret', 'UPCLOUD_PASSWORD');
    const pair = `${this.#username.reveal()}:${this.#password.reveal()}`;
    return `Basic ${Buffer.from(pair).toString('base64')}`;
  }

  async get<T>(path: string, options: CallOptions, query?: Query): Promise<T> {
    return this.#send<T>('GET', path, undefined, options, query);
  }

  async post<T>(path: string, body: unknown, options: CallOptions): Promise<T> {
    return this.#send<T>('POST', path, body, options);
  }

  async put<T>(path: string, body: unknown, options: CallOptions): Promise<T> {
    return this.#send<T>('PUT', path, body, options);
  }

  /** What is already gone counts as deleted. */
  async delete(path: string, options: CallOptions, query?: Query): Promise<boolean> {
    try {
      await this.#send('DELETE', path, undefined, options, query);
      return true;
    } catch (error) {
      if (error instanceof ProviderError && error.providerCode === 'not_found') return false;
      throw error;
    }
  }

  /**
   * A call that the service refuses while the resource is busy (state maintenance): it waits for its turn. States that
   * only a person can end are refused after two and a half minutes.
   */
  async whenReady<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        const busy = error instanceof ProviderError && /_STATE_ILLEGAL/.test(error.message);
        if (!busy || attempt >= illegalStateAttempts) throw error;
        await this.http.clock.sleep(illegalStateInterval * 1000, signal);
      }
    }
  }

  async server(uuid: string, options: CallOptions): Promise<ApiServer> {
    return (await this.get<{ server: ApiServer }>(`/server/${encodeURIComponent(uuid)}`, options)).server;
  }

  async createServer(server: Readonly<Record<string, unknown>>, options: CallOptions): Promise<ApiServer> {
    return (await this.post<{ server: ApiServer }>('/server', { server }, options)).server;
  }

  async modifyServer(
    uuid: string,
    server: Readonly<Record<string, unknown>>,
    options: CallOptions,
  ): Promise<ApiServer> {
    return (await this.put<{ server: ApiServer }>(`/server/${uuid}`, { server }, options)).server;
  }

  /** @param timeout seconds until a soft stop turns into nothing (the server goes on) and a hard one is forced. */
  async stopServer(
    uuid: string,
    type: 'soft' | 'hard',
    timeout: number,
    options: CallOptions,
  ): Promise<void> {
    const body = { stop_server: { stop_type: type, timeout: String(timeout) } };
    await this.post(`/server/${uuid}/stop`, body, { ...options, repeatable: true });
  }

  async startServer(uuid: string, options: CallOptions): Promise<void> {
    await this.post(`/server/${uuid}/start`, { server: {} }, { ...options, repeatable: true });
  }

  async restartServer(uuid: string, type: 'soft' | 'hard', options: CallOptions): Promise<void> {
    const body = {
      restart_server: {
        stop_type: type,
        timeout: '60',
        timeout_action: type === 'hard' ? 'destroy' : 'ignore',
      },
    };
    await this.post(`/server/${uuid}/restart`, body, { ...options, repeatable: true });
  }

  /** The server must be stopped. With `storages` its disks and their backups go too. */
  async deleteServer(uuid: string, storages: boolean, options: CallOptions): Promise<boolean> {
    return this.delete(
      `/server/${uuid}`,
      options,
      storages ? { storages: 1, backups: 'delete' } : { storages: 0 },
    );
  }

  async storages(
    kind: 'template' | 'private' | 'backup' | 'normal',
    options: CallOptions,
  ): Promise<readonly ApiStorage[]> {
    return (await this.get<{ storages: { storage: ApiStorage[] } }>(`/storage/${kind}`, options)).storages
      .storage;
  }

  async storage(uuid: string, options: CallOptions): Promise<ApiStorage> {
    return (await this.get<{ storage: ApiStorage }>(`/storage/${encodeURIComponent(uuid)}`, options)).storage;
  }

  async #send<T>(
    method: string,
    path: string,
    body: unknown,
    options: CallOptions,
    query?: Query,
  ): Promise<T> {
    this.#authorization();
    return (await this.http.request<T>({ method, path, body, query, ...options })).body;
  }
}
