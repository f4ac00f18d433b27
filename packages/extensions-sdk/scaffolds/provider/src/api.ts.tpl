import type { ObservedServer, ProviderContext, Secret, ServerState } from '@provisioning/extensions-sdk';
import { findCredential, missingCredential, providerClient } from '@provisioning/extensions-sdk/cloud';
import type { HttpClient } from '@provisioning/extensions-sdk/http';

export const name = '%name%';

/** A server as the service answers it. */
export interface ApiServer {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly plan: string;
  readonly zone: string;
  readonly image: string;
  readonly cores: number;
  readonly memory_mb: number;
  readonly disk_gb: number;
  readonly addresses: { readonly public?: string; readonly private?: string };
  readonly created_at: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface Call {
  readonly operation: string;
  readonly signal?: AbortSignal;
}

/** States of the service in our words (05 of the infrastructure model). */
const states: Readonly<Record<string, ServerState>> = {
  new: 'creating',
  active: 'running',
  off: 'stopped',
};

/** The calls of the service. This is the file to adapt. */
export class Api {
  readonly http: HttpClient;
  readonly #token: Secret | undefined;

  constructor(context: ProviderContext) {
    const token = findCredential(context, ['token', 'auth.token'], ['%NAME%_TOKEN']);
    this.#token = token;
    this.http = providerClient(context, {
      provider: name,
      baseUrl: 'https://api.example.com/v1',
      secrets: token === undefined ? [] : [token],
      headers: () => ({ authorization: `Bearer ${this.#credential().reveal()}` }),
    });
  }

  get hasToken(): boolean {
    return this.#token !== undefined;
  }

  #credential(): Secret {
    if (this.#token === undefined) throw missingCredential(name, 'API key', '%NAME%_TOKEN');
    return this.#token;
  }

  async get<T>(path: string, call: Call): Promise<T> {
    this.#credential();
    return (await this.http.request<T>({ method: 'GET', path, ...call })).body;
  }

  async post<T>(path: string, body: unknown, call: Call): Promise<T> {
    this.#credential();
    return (await this.http.request<T>({ method: 'POST', path, body, ...call })).body;
  }

  async delete(path: string, call: Call): Promise<void> {
    this.#credential();
    await this.http.request({ method: 'DELETE', path, ...call });
  }
}

export function observe(server: ApiServer): ObservedServer {
  return {
    id: server.id,
    name: server.name,
    hostname: server.tags['provisioning.hostname'] ?? server.name,
    provider: name,
    status: states[server.state] ?? 'unknown',
    plan: server.plan,
    cores: server.cores,
    memory: server.memory_mb,
    disk: server.disk_gb,
    zone: server.zone,
    os: server.image,
    ip_addresses: server.addresses,
    created_at: server.created_at,
    tags: server.tags,
  };
}
