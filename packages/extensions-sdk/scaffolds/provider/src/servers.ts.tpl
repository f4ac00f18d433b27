import {
  type CreateOptions,
  type ObservedServer,
  type ProviderContext,
  ProviderError,
  type ServerRef,
  type ServerSpec,
} from '@provisioning/extensions-sdk';
import {
  checkSpec,
  isOurs,
  requestTag,
  resourceName,
  serverNotFound,
  serverTags,
  tagNames,
} from '@provisioning/extensions-sdk/cloud';
import { createOnce, waitUntil } from '@provisioning/extensions-sdk/http';
import { type Api, type ApiServer, type Call, name, observe } from './api.ts';

/** Servers of one infrastructure, found by their tags. */
export class Servers {
  readonly #api: Api;
  readonly #context: ProviderContext;

  constructor(api: Api, context: ProviderContext) {
    this.#api = api;
    this.#context = context;
  }

  async list(call: Call, all = false): Promise<ApiServer[]> {
    const { servers } = await this.#api.get<{ servers: ApiServer[] }>('/servers', call);
    return servers.filter(({ tags }) => all || isOurs(tags, this.#context));
  }

  async find({ hostname, id }: ServerRef, call: Call): Promise<ApiServer | undefined> {
    const ours = await this.list(call);
    return ours.find((server) => (id === undefined ? server.tags[tagNames.hostname] === hostname : server.id === id));
  }

  /** @throws ProviderError `not_found`. */
  async get(ref: ServerRef, call: Call): Promise<ApiServer> {
    const server = await this.find(ref, call);
    if (server === undefined) throw serverNotFound(name, call.operation, ref);
    return server;
  }

  /** Creates a server, or returns the one that is there under the same tags. */
  async create(spec: ServerSpec, options: CreateOptions): Promise<ObservedServer> {
    const call: Call = { operation: 'createServer', signal: options.signal };
    const existing = await this.find({ hostname: spec.hostname }, call);
    if (existing !== undefined) return this.#settled(existing, 'active', options.wait, call);
    const { plans } = await this.#api.get<{ plans: { name: string }[] }>('/plans', call);
    const { zones } = await this.#api.get<{ zones: { name: string }[] }>('/zones', call);
    checkSpec(name, spec, { plans: plans.map((plan) => plan.name), zones: zones.map((zone) => zone.name) });
    const request = requestTag(spec.idempotency_key);
    const body = {
      name: resourceName([this.#context.infra, spec.hostname]),
      plan: spec.plan,
      zone: spec.zone,
      image: spec.os,
      ssh_keys: spec.ssh_public_keys,
      tags: { ...spec.tags, ...serverTags(this.#context, spec.hostname), [tagNames.request]: request },
    };
    const server = await createOnce({
      find: async () => (await this.list(call)).filter(({ tags }) => tags[tagNames.request] === request),
      create: async () => (await this.#api.post<{ server: ApiServer }>('/servers', body, call)).server,
      remove: ({ id }) => this.#api.delete(`/servers/${id}`, call),
      attempts: 3,
      clock: this.#api.http.clock,
      signal: options.signal,
    });
    await options.onCreated?.(server.id);
    options.onProgress?.(`${spec.hostname} is ${server.id}`);
    return this.#settled(server, 'active', options.wait, call);
  }

  async delete(ref: ServerRef, call: Call): Promise<{ readonly deleted: boolean }> {
    const server = await this.find(ref, call);
    if (server === undefined) return { deleted: false };
    await this.#api.delete(`/servers/${server.id}`, call);
    return { deleted: true };
  }

  async setState(ref: ServerRef, state: 'running' | 'stopped' | 'rebooted', wait: boolean, call: Call): Promise<ObservedServer> {
    const server = await this.get(ref, call);
    const wanted = state === 'stopped' ? 'off' : 'active';
    if (state !== 'rebooted' && server.state === wanted) return observe(server);
    const action = { running: 'start', stopped: 'stop', rebooted: 'reboot' }[state];
    await this.#api.post(`/servers/${server.id}/${action}`, {}, call);
    return this.#settled(server, wanted, wait, call, true);
  }

  async resize(ref: ServerRef, plan: string, call: Call): Promise<ObservedServer> {
    const server = await this.get(ref, call);
    const { server: resized } = await this.#api.post<{ server: ApiServer }>(`/servers/${server.id}/resize`, { plan }, call);
    return observe(resized);
  }

  async refuseUpdate(fields: readonly string[]): Promise<never> {
    throw new ProviderError({
      provider: name,
      operation: 'updateServer',
      code: 'unsupported',
      message: `Provider '${name}' does not support updates of ${fields.join(', ')}`,
    });
  }

  /** The server as it is, or, when asked to wait, as soon as it has the wanted state. */
  async #settled(server: ApiServer, state: string, wait: boolean, call: Call, changed = false): Promise<ObservedServer> {
    if (!wait || (!changed && server.state === state)) return observe(server);
    const found = await waitUntil({
      ask: async () => (await this.list(call)).find((one) => one.id === server.id && one.state === state),
      what: `server ${server.name}`,
      state,
      interval: 2,
      limit: 600,
      clock: this.#api.http.clock,
      provider: name,
      operation: call.operation,
      signal: call.signal,
    });
    return observe(found);
  }
}
