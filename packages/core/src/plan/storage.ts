import type { Change, Context, OperationNode, Storage } from '@provisioning/extensions-sdk';
import type { Infrastructure } from '../infra/infrastructure.ts';
import { bucketEnsure } from '../operations/storage/bucket.ts';
import { isVolume, volumeEnsure } from '../operations/storage/volume.ts';
import type { Plan } from './plan.ts';

type Volume = NonNullable<Storage['volumes']>[number];

/** Where something belongs: the provider of its server, or that of most definitions. */
function providerOf(volume: Pick<Volume, 'server'>, { servers, settings }: Infrastructure): string {
  const server = servers.find(({ hostname }) => hostname === volume.server);
  const common = settings.server_defaults['provider'];
  return server?.provider ?? (typeof common === 'string' ? common : (servers[0]?.provider ?? 'local'));
}

/** What `storage create` does (05 §4.6): every volume that is missing, too small, or at another server, and its buckets. */
export async function planStorage(context: Context, infrastructure: Infrastructure): Promise<Plan> {
  const { volumes = [], buckets = [] } = infrastructure.storage as Storage;
  const changes: Change[] = [];
  const graph: OperationNode[] = [];
  for (const volume of volumes) {
    const { name, size, type, server } = volume;
    const input = {
      provider: providerOf(volume, infrastructure),
      volume: { name, size, type },
      ...(server === undefined ? {} : { server }),
    };
    const [change] = await volumeEnsure.plan(context, input);
    changes.push(change!);
    if (change!.action === 'unchanged') continue;
    const resources = server === undefined ? [] : [`server/${server}`];
    const id = `volume-${name}`.slice(0, 64);
    graph.push({ id, type: volumeEnsure.type, name, input, dependencies: [], resources });
  }
  for (const bucket of buckets) {
    const input = { provider: providerOf({}, infrastructure), bucket };
    const [change] = await bucketEnsure.plan(context, input);
    changes.push(change!);
    if (change!.action === 'unchanged') continue;
    const id = `bucket-${bucket.name}`.slice(0, 64);
    graph.push({ id, type: bucketEnsure.type, name: bucket.name, input, dependencies: [] });
  }
  const { name: infra, environment } = infrastructure;
  return { workspace: context.workspace.name, infra, environment, changes, graph, blocked: [], warnings: [] };
}

/** A volume or a bucket that is defined, or there, or both. */
export interface ListedStorage {
  readonly kind: 'volume' | 'bucket';
  readonly name: string;
  readonly provider: string;
  /** GB; a bucket has none. */
  readonly size: number | null;
  readonly server: string | null;
  readonly state: 'attached' | 'detached' | 'created' | 'planned';
}

/** Volumes and buckets at the providers of an infrastructure, then those that are only defined. */
export async function listStorage(
  context: Context,
  infrastructure: Infrastructure,
): Promise<readonly ListedStorage[]> {
  const { volumes = [], buckets = [] } = infrastructure.storage as Storage;
  const names = new Set([
    ...infrastructure.servers.map(({ provider }) => provider),
    ...volumes.map((volume) => providerOf(volume, infrastructure)),
    ...buckets.map(() => providerOf({}, infrastructure)),
  ]);
  const lists = await Promise.all(
    [...names].map(async (name) => {
      const provider = await context.provider(name);
      const [disks, stores] = [
        (await provider.volume?.list()) ?? [],
        (await provider.bucket?.list?.()) ?? [],
      ];
      return [
        ...disks.map(({ name: volume, size, attached_to: server }): ListedStorage => ({
          ...{ kind: 'volume', name: volume, provider: name, size, server: server ?? null },
          state: server === undefined ? 'detached' : 'attached',
        })),
        ...stores.map(({ name: bucket }): ListedStorage => ({
          ...{ kind: 'bucket', name: bucket, provider: name, size: null, server: null, state: 'created' },
        })),
      ];
    }),
  );
  const there = lists.flat();
  const has = (kind: ListedStorage['kind'], is: (name: string) => boolean): boolean =>
    there.some((one) => one.kind === kind && is(one.name));
  return [
    ...there,
    ...volumes
      .filter(({ name }) => !has('volume', (one) => isVolume(one, name, context.infra)))
      .map((volume): ListedStorage => ({
        ...{
          kind: 'volume',
          name: volume.name,
          provider: providerOf(volume, infrastructure),
          size: volume.size,
        },
        ...{ server: volume.server ?? null, state: 'planned' },
      })),
    ...buckets
      .filter(({ name }) => !has('bucket', (one) => one === name))
      .map(({ name }): ListedStorage => ({
        ...{ kind: 'bucket', name, provider: providerOf({}, infrastructure), size: null },
        ...{ server: null, state: 'planned' },
      })),
  ];
}
