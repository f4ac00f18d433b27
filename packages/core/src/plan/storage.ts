import type { Change, Context, OperationNode, Storage } from '@provisioning/extensions-sdk';
import type { Infrastructure } from '../infra/infrastructure.ts';
import { isVolume, volumeEnsure } from '../operations/storage/volume.ts';
import type { Plan } from './plan.ts';

type Volume = NonNullable<Storage['volumes']>[number];

/** Where a volume belongs: the provider of its server, or that of most definitions. */
function providerOf(volume: Volume, { servers, settings }: Infrastructure): string {
  const server = servers.find(({ hostname }) => hostname === volume.server);
  const common = settings.server_defaults['provider'];
  return server?.provider ?? (typeof common === 'string' ? common : (servers[0]?.provider ?? 'local'));
}

/** What `storage create` does (05 §4.6): every volume that is missing, too small, or at another server. */
export async function planStorage(context: Context, infrastructure: Infrastructure): Promise<Plan> {
  const { volumes = [] } = infrastructure.storage as Storage;
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
  const { name: infra, environment } = infrastructure;
  return { workspace: context.workspace.name, infra, environment, changes, graph, blocked: [], warnings: [] };
}

/** A volume that is defined, or there, or both. */
export interface ListedVolume {
  readonly name: string;
  readonly provider: string;
  /** GB. */
  readonly size: number;
  readonly server: string | null;
  readonly state: 'attached' | 'detached' | 'planned';
}

/** Volumes at the providers of an infrastructure, then those that are only defined. */
export async function listVolumes(
  context: Context,
  infrastructure: Infrastructure,
): Promise<readonly ListedVolume[]> {
  const { volumes = [] } = infrastructure.storage as Storage;
  const names = new Set([
    ...infrastructure.servers.map(({ provider }) => provider),
    ...volumes.map((volume) => providerOf(volume, infrastructure)),
  ]);
  const lists = await Promise.all(
    [...names].map(async (provider) => {
      const there = (await (await context.provider(provider)).volume?.list()) ?? [];
      return there.map(({ name, size, attached_to: server }): ListedVolume => ({
        ...{ name, provider, size, server: server ?? null },
        state: server === undefined ? 'detached' : 'attached',
      }));
    }),
  );
  const there = lists.flat();
  const planned = volumes
    .filter(({ name }) => !there.some((one) => isVolume(one.name, name, context.infra)))
    .map((volume): ListedVolume => ({
      ...{ name: volume.name, provider: providerOf(volume, infrastructure), size: volume.size },
      ...{ server: volume.server ?? null, state: 'planned' },
    }));
  return [...there, ...planned];
}
