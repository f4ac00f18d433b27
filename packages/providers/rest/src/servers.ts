import {
  type CallOptions as Cancel,
  type CreateOptions,
  type ObservedServer,
  type ProviderContext,
  ProviderError,
  type ServerRef,
  type ServerSpec,
} from '@provisioning/extensions-sdk';
import {
  cloudInit,
  infraTags,
  requestTag,
  serverNotFound,
  serverTags,
  tagNames,
} from '@provisioning/extensions-sdk/cloud';
import { createOnce, waitUntil } from '@provisioning/extensions-sdk/http';
import { declares } from './declaration.ts';
import { observe, tagMatches, tagValue } from './observe.ts';
import { OwnedServers } from './ownership.ts';
import type { CallOptions, RestService } from './service.ts';

/** Servers of a declared service: found by tags where it keeps them, else by name and our own record. */
export class RestServers {
  readonly #service: RestService;
  readonly #context: ProviderContext;
  readonly #owned: OwnedServers;

  constructor(service: RestService, context: ProviderContext) {
    this.#service = service;
    this.#context = context;
    this.#owned = new OwnedServers(service.provider, context);
  }

  async list(options: CallOptions, all = false): Promise<ObservedServer[]> {
    const { provider, declaration } = this.#service;
    const scope = { tags: tagValue(declaration, infraTags(this.#context)) };
    const servers = (await this.#service.list('listServers', scope, options)).map((raw) =>
      observe(provider, declaration, raw),
    );
    if (all) return servers;
    if (declaration.tags !== undefined) return servers.filter((server) => this.#tagged(server));
    const owned = await this.#owned.ids();
    return servers.filter(({ id }) => owned.has(id));
  }

  async find({ hostname, id }: ServerRef, options: CallOptions): Promise<ObservedServer | undefined> {
    const servers = await this.list(options);
    return id === undefined ? oldest(servers, hostname)[0] : servers.find((server) => server.id === id);
  }

  /** @throws ProviderError `not_found`. */
  async get(ref: ServerRef, options: CallOptions): Promise<ObservedServer> {
    const server = await this.find(ref, options);
    if (server === undefined) throw serverNotFound(this.#service.provider, options.operation, ref);
    return server;
  }

  async create(spec: ServerSpec, options: CreateOptions): Promise<ObservedServer> {
    const { provider, declaration } = this.#service;
    const call: CallOptions = {
      operation: 'createServer',
      signal: options.signal,
      idempotencyKey: spec.idempotency_key,
    };
    const everything = await this.list(call, true);
    const mine = oldest(await this.list(call), spec.hostname)[0];
    if (mine !== undefined) return this.#finish(mine, options);
    const before = new Set(everything.map(({ id }) => id));
    if (declaration.tags === undefined && everything.some(({ name }) => name === spec.hostname)) {
      throw new ProviderError({
        provider,
        operation: 'createServer',
        code: 'conflict',
        message: `Server '${spec.hostname}' already exists`,
        help: 'The service has a server of that name which this infrastructure did not make; rename or delete it.',
      });
    }
    const tags = {
      ...spec.tags,
      ...serverTags(this.#context, spec.hostname),
      [tagNames.request]: requestTag(spec.idempotency_key),
      [tagNames.os]: spec.os,
    };
    const scope = {
      server: { ...spec, user_data: cloudInit(spec) },
      extra: spec.extra,
      tags: tagValue(declaration, tags),
      infra: this.#context.infra,
      workspace: this.#context.workspace.name,
    };
    const made = await createOnce({
      // Ours, and not there before this call.
      find: async () => {
        const found = declaration.tags === undefined ? await this.list(call, true) : await this.list(call);
        return oldest(found, spec.hostname).filter(({ id }) => !before.has(id));
      },
      create: async () =>
        observe(provider, declaration, await this.#service.call('createServer', scope, call)),
      remove: async ({ id }) => void (await this.#service.call('deleteServer', { id }, call)),
      attempts: 3,
      settle: 30,
      clock: this.#service.http.clock,
      signal: options.signal,
    });
    if (declaration.tags === undefined) await this.#owned.add(made.id);
    await options.onCreated?.(made.id);
    options.onProgress?.(`${spec.hostname} is ${made.id} at ${provider}, ${made.status}`);
    return this.#finish({ ...made, hostname: spec.hostname }, options);
  }

  async delete(ref: ServerRef, options: Cancel): Promise<{ readonly deleted: boolean }> {
    const call: CallOptions = { operation: 'deleteServer', signal: options.signal };
    const servers = await this.list(call);
    const gone =
      ref.id === undefined ? oldest(servers, ref.hostname) : servers.filter(({ id }) => id === ref.id);
    for (const { id } of gone) {
      try {
        await this.#service.call('deleteServer', { id }, call);
      } catch (error) {
        if (!(error instanceof ProviderError) || error.providerCode !== 'not_found') throw error;
      }
      await this.#owned.remove(id);
    }
    return { deleted: gone.length > 0 };
  }

  async setState(
    ref: ServerRef,
    state: 'running' | 'stopped' | 'rebooted',
    options: { readonly wait: boolean } & Cancel,
  ): Promise<ObservedServer> {
    const call: CallOptions = { operation: 'setServerState', signal: options.signal, repeatable: true };
    const server = await this.get(ref, call);
    if (server.status === state) return server;
    await this.#service.call(`setState.${state}`, { id: server.id, server }, call);
    return options.wait
      ? this.#reach(server, state === 'stopped' ? 'stopped' : 'running', call)
      : this.get({ hostname: server.hostname, id: server.id }, call);
  }

  async resize(ref: ServerRef, plan: string, options: Cancel): Promise<ObservedServer> {
    const call: CallOptions = { operation: 'resizeServer', signal: options.signal };
    const server = await this.get(ref, call);
    if (server.plan === plan) return server;
    if (!declares(this.#service.declaration, 'resize')) {
      throw new ProviderError({
        provider: this.#service.provider,
        operation: 'resizeServer',
        code: 'unsupported',
        message: `Provider '${this.#service.provider}' does not support resize`,
        help: 'Declare operations.resize to add it.',
      });
    }
    const running = server.status === 'running';
    if (running) await this.setState(ref, 'stopped', { wait: true, signal: options.signal });
    try {
      await this.#service.call('resize', { id: server.id, plan, server }, call);
    } finally {
      if (running) await this.setState(ref, 'running', { wait: true, signal: options.signal });
    }
    return this.get(ref, call);
  }

  #tagged(server: ObservedServer): boolean {
    const { declaration } = this.#service;
    return Object.entries(infraTags(this.#context)).every(([key, value]) =>
      tagMatches(declaration, server.tags[key], value),
    );
  }

  async #finish(server: ObservedServer, options: CreateOptions): Promise<ObservedServer> {
    if (!options.wait || server.status === 'stopped') return server;
    return this.#reach(server, 'running', { operation: 'createServer', signal: options.signal });
  }

  async #reach(server: ObservedServer, state: string, call: CallOptions): Promise<ObservedServer> {
    return waitUntil({
      ask: async () => {
        const current = await this.find({ hostname: server.hostname, id: server.id }, call);
        return current?.status === state ? current : undefined;
      },
      what: `server ${server.hostname}`,
      state,
      interval: 3,
      limit: 600,
      clock: this.#service.http.clock,
      provider: this.#service.provider,
      operation: call.operation,
      signal: call.signal,
    });
  }
}

/** Servers of a hostname, the first made first. */
function oldest(servers: readonly ObservedServer[], hostname: string): ObservedServer[] {
  return servers
    .filter((server) => server.hostname === hostname)
    .sort((a, b) => a.created_at.localeCompare(b.created_at) || a.id.localeCompare(b.id));
}
