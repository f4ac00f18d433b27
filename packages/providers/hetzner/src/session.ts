import type { ObservedServer, ProviderContext, ServerRef } from '@provisioning/extensions-sdk';
import { serverNotFound } from '@provisioning/extensions-sdk/cloud';
import { type CallOptions, HetznerApi, name } from './api.ts';
import type { ApiServer } from './api-types.ts';
import { Catalogue } from './catalogue.ts';
import type { HetznerConfig } from './config.ts';
import { infraSelector, labelledOurs, serverSelector } from './labels.ts';
import { observe } from './server/observe.ts';

/** One infrastructure at Hetzner: the API, the catalogue, and its servers found by their labels. */
export class Session {
  readonly context: ProviderContext;
  readonly config: HetznerConfig;
  readonly api: HetznerApi;
  readonly catalogue: Catalogue;

  constructor(context: ProviderContext) {
    this.context = context;
    this.config = context.config as HetznerConfig;
    this.api = new HetznerApi(context);
    this.catalogue = new Catalogue(this.api, this.config.zones ?? []);
  }

  /** Servers of the infrastructure, or of the whole project. */
  async servers(options: CallOptions, all = false): Promise<ApiServer[]> {
    const query: Record<string, string> = all ? {} : { label_selector: infraSelector(this.context) };
    return this.api.list<ApiServer>('/servers', 'servers', options, query);
  }

  /** All servers with our labels for a hostname, oldest first. There is one, unless a create call got lost and repeated. */
  async named(hostname: string, options: CallOptions): Promise<ApiServer[]> {
    const servers = await this.api.list<ApiServer>('/servers', 'servers', options, {
      label_selector: serverSelector(this.context, hostname),
    });
    return servers.sort((a, b) => a.id - b.id);
  }

  async find({ hostname, id }: ServerRef, options: CallOptions): Promise<ApiServer | undefined> {
    if (id === undefined) return (await this.named(hostname, options))[0];
    const found = await this.api
      .get<{ server: ApiServer }>(`/servers/${encodeURIComponent(id)}`, options)
      .catch((error: { providerCode?: string }) => {
        if (error.providerCode === 'not_found') return undefined;
        throw error;
      });
    return found !== undefined && labelledOurs(found.server.labels, this.context) ? found.server : undefined;
  }

  /** @throws ProviderError `not_found`. */
  async get(ref: ServerRef, options: CallOptions): Promise<ApiServer> {
    const server = await this.find(ref, options);
    if (server === undefined) throw serverNotFound(name, options.operation, ref);
    return server;
  }

  async observed(ref: ServerRef, options: CallOptions): Promise<ObservedServer> {
    return observe(await this.get(ref, options));
  }
}
