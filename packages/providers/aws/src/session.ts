import type { Instance } from '@aws-sdk/client-ec2';
import type { ObservedServer, ProviderContext, ServerRef } from '@provisioning/extensions-sdk';
import { clockOf, infraTags, isOurs, serverNotFound, serverTags } from '@provisioning/extensions-sdk/cloud';
import { waitUntil } from '@provisioning/extensions-sdk/http';
import { Catalogue } from './catalogue.ts';
import { Clients } from './clients.ts';
import type { AwsConfig } from './config.ts';
import { name } from './failure.ts';
import { observe, tagFilters, tagsOf } from './observe.ts';

export interface Call {
  readonly operation: string;
  readonly signal?: AbortSignal;
}

/** An instance and the region it is in. */
export interface Placed {
  readonly instance: Instance;
  readonly id: string;
  readonly region: string;
}

const live = ['pending', 'running', 'stopping', 'stopped'];

/** One infrastructure at AWS: clients, catalogue, and its instances found by their tags in the configured regions. */
export class Session {
  readonly context: ProviderContext;
  readonly config: AwsConfig;
  readonly clients: Clients;
  readonly catalogue: Catalogue;

  constructor(context: ProviderContext) {
    this.context = context;
    this.config = context.config as AwsConfig;
    this.clients = new Clients(context);
    this.catalogue = new Catalogue(this.clients, context);
  }

  get clock() {
    return clockOf(this.context);
  }

  /** Living instances with all of these tags, oldest first. */
  async withTags(tags: Readonly<Record<string, string>>, call: Call): Promise<Placed[]> {
    const { paginateDescribeInstances } = await import('@aws-sdk/client-ec2');
    const lists = await Promise.all(
      this.clients.regions.map((region) =>
        this.clients.call(
          call.operation,
          async (signal) => {
            const found: Placed[] = [];
            const Filters = [...tagFilters(tags), { Name: 'instance-state-name', Values: live }];
            const client = await this.clients.ec2(region);
            for await (const page of paginateDescribeInstances(
              { client },
              { Filters },
              { abortSignal: signal },
            )) {
              for (const instance of (page.Reservations ?? []).flatMap((entry) => entry.Instances ?? [])) {
                found.push({ instance, id: instance.InstanceId ?? '', region });
              }
            }
            return found;
          },
          call.signal,
        ),
      ),
    );
    const time = ({ instance }: Placed) => instance.LaunchTime?.getTime() ?? 0;
    return lists.flat().sort((a, b) => time(a) - time(b) || a.id.localeCompare(b.id));
  }

  named(hostname: string, call: Call): Promise<Placed[]> {
    return this.withTags(serverTags(this.context, hostname), call);
  }

  async find({ hostname, id }: ServerRef, call: Call): Promise<Placed | undefined> {
    if (id === undefined) return (await this.named(hostname, call))[0];
    const ours = await this.withTags(infraTags(this.context), call);
    return ours.find((entry) => entry.id === id && isOurs(tagsOf(entry.instance.Tags), this.context));
  }

  /** @throws ProviderError `not_found`. */
  async get(ref: ServerRef, call: Call): Promise<Placed> {
    const found = await this.find(ref, call);
    if (found === undefined) throw serverNotFound(name, call.operation, ref);
    return found;
  }

  async observed(placed: readonly Placed[], call: Call): Promise<ObservedServer[]> {
    const roots = placed.flatMap(({ instance }) => {
      const mapping = instance.BlockDeviceMappings?.find(
        ({ DeviceName: device }) => device === instance.RootDeviceName,
      );
      return mapping?.Ebs?.VolumeId ?? [];
    });
    const sizes = await this.#volumeSizes(placed, roots, call);
    return Promise.all(
      placed.map(async ({ instance, region }) => {
        const root = instance.BlockDeviceMappings?.find(
          ({ DeviceName: device }) => device === instance.RootDeviceName,
        );
        const size = await this.catalogue.size(instance.InstanceType ?? '', region);
        return observe(instance, size, sizes.get(root?.Ebs?.VolumeId ?? '') ?? 0);
      }),
    );
  }

  async observeOne(placed: Placed, call: Call): Promise<ObservedServer> {
    const [server] = await this.observed([placed], call);
    return server as ObservedServer;
  }

  async #volumeSizes(
    placed: readonly Placed[],
    ids: readonly string[],
    call: Call,
  ): Promise<Map<string, number>> {
    if (ids.length === 0) return new Map();
    const { DescribeVolumesCommand } = await import('@aws-sdk/client-ec2');
    const regions = [...new Set(placed.map(({ region }) => region))];
    const lists = await Promise.all(
      regions.map((region) =>
        this.clients.call(
          call.operation,
          async (abortSignal) => {
            const client = await this.clients.ec2(region);
            const Filters = [{ Name: 'volume-id', Values: [...ids] }];
            return (
              (await client.send(new DescribeVolumesCommand({ Filters }), { abortSignal })).Volumes ?? []
            );
          },
          call.signal,
        ),
      ),
    );
    return new Map(lists.flat().map(({ VolumeId: id = '', Size: size = 0 }) => [id, size]));
  }

  /** Waits until an instance is in a state; `terminated` also when it is no longer listed. */
  async reach(placed: Placed, state: string, call: Call, limit: number): Promise<Placed> {
    const { DescribeInstancesCommand } = await import('@aws-sdk/client-ec2');
    return waitUntil({
      ask: async () => {
        const instance = await this.clients
          .call(
            call.operation,
            async (abortSignal) => {
              const client = await this.clients.ec2(placed.region);
              const answer = await client.send(new DescribeInstancesCommand({ InstanceIds: [placed.id] }), {
                abortSignal,
              });
              return answer.Reservations?.[0]?.Instances?.[0];
            },
            call.signal,
          )
          .catch((error: { providerCode?: string }) => {
            // A new instance may not be known everywhere at once.
            if (error.providerCode === 'not_found') return undefined;
            throw error;
          });
        return instance?.State?.Name === state ? { ...placed, instance } : undefined;
      },
      what: `server ${tagsOf(placed.instance.Tags).Name ?? placed.id}`,
      state,
      interval: 3,
      limit,
      clock: this.clock,
      provider: name,
      operation: call.operation,
      signal: call.signal,
    });
  }
}
