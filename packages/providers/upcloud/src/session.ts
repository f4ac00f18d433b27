import {
  type ObservedServer,
  type ProviderContext,
  ProviderError,
  type ServerRef,
} from '@provisioning/extensions-sdk';
import { infraTags, RecentCreations, serverNotFound, serverTags } from '@provisioning/extensions-sdk/cloud';
import { type CallOptions, name, UpcloudApi } from './api.ts';
import type { ApiAddress, ApiServer } from './api-types.ts';
import { Catalogue } from './catalogue.ts';
import type { UpcloudConfig } from './config.ts';
import { labelledOurs, labelQuery } from './labels.ts';
import { observe } from './server/observe.ts';

/** One infrastructure at UpCloud: the API, the catalogue, and its servers found by their labels. */
export class Session {
  readonly context: ProviderContext;
  readonly config: UpcloudConfig;
  readonly api: UpcloudApi;
  readonly catalogue: Catalogue;
  readonly recent: RecentCreations;

  constructor(context: ProviderContext) {
    this.context = context;
    this.config = context.config as UpcloudConfig;
    this.api = new UpcloudApi(context);
    this.catalogue = new Catalogue(this.api, this.config.zones ?? []);
    this.recent = new RecentCreations(context, () => this.api.http.clock.now());
  }

  /** Servers with all of these labels, without addresses, oldest first. */
  async withLabels(tags: Readonly<Record<string, string>>, options: CallOptions): Promise<ApiServer[]> {
    const query = labelQuery(tags);
    const path = query === '' ? '/server' : `/server?${query}`;
    const { servers } = await this.api.get<{ servers: { server: ApiServer[] } }>(path, options);
    return [...servers.server].sort(
      (a, b) => (a.created ?? 0) - (b.created ?? 0) || a.uuid.localeCompare(b.uuid),
    );
  }

  /** Servers with our labels for a hostname; one that was made a moment ago counts before lists show it. */
  async named(hostname: string, options: CallOptions): Promise<ApiServer[]> {
    const listed = await this.withLabels(serverTags(this.context, hostname), options);
    const recent = listed.length === 0 ? await this.recent.get(hostname) : undefined;
    const server = recent === undefined ? undefined : await this.find({ hostname, id: recent }, options);
    return server === undefined ? listed : [server];
  }

  /** All servers with their addresses in two calls, however many there are. */
  async observedList(options: CallOptions, all = false): Promise<ObservedServer[]> {
    const servers = await this.withLabels(all ? {} : infraTags(this.context), options);
    if (servers.length === 0) return [];
    const { ip_addresses: list } = await this.api.get<{ ip_addresses: { ip_address: ApiAddress[] } }>(
      '/ip_address',
      options,
    );
    const plans = await this.catalogue.apiPlans();
    return servers.map((server) => {
      const observed = observe(
        server,
        list.ip_address.filter((entry) => entry.server === server.uuid),
      );
      const disk = plans.find(({ name: plan }) => plan === server.plan)?.storage_size;
      return observed.disk > 0 || disk === undefined ? observed : { ...observed, disk };
    });
  }

  /** One server with everything the API says of it. */
  async find({ hostname, id }: ServerRef, options: CallOptions): Promise<ApiServer | undefined> {
    const uuid = id ?? (await this.named(hostname, options))[0]?.uuid;
    if (uuid === undefined) return undefined;
    try {
      const server = await this.api.server(uuid, options);
      return labelledOurs(server.labels?.label, this.context) ? server : undefined;
    } catch (error) {
      // Between the list and the question it may have gone; ids of another form are refused as invalid.
      const gone = error instanceof ProviderError && ['not_found', 'invalid'].includes(error.providerCode);
      if (gone) return undefined;
      throw error;
    }
  }

  /** @throws ProviderError `not_found`. */
  async get(ref: ServerRef, options: CallOptions): Promise<ApiServer> {
    const server = await this.find(ref, options);
    if (server === undefined) throw serverNotFound(name, options.operation, ref);
    return server;
  }
}
