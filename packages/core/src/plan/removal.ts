import {
  type Change,
  type Context,
  type Network,
  type OperationNode,
  type ProviderInstance,
  ProvisioningError,
} from '@provisioning/extensions-sdk';
import type { Infrastructure } from '../infra/infrastructure.ts';
import { loadBalancerDelete } from '../operations/network/load-balancer.ts';
import { networkDelete } from '../operations/network/network.ts';
import { bucketDelete } from '../operations/storage/bucket.ts';
import { isVolume, volumeDelete } from '../operations/storage/volume.ts';
import type { Plan } from './plan.ts';

interface Found {
  readonly kind: 'volume' | 'bucket' | 'network' | 'load-balancer';
  readonly provider: string;
  readonly id: string;
  readonly name: string;
  readonly holder?: string;
}

/**
 * Plans the deletion of volumes and buckets by name, defined or not (05 §4.6). A volume that a server uses blocks the plan.
 * @throws ProvisioningError `STORAGE_NOT_FOUND` (exit 5)
 */
export async function planStorageRemoval(
  context: Context,
  infrastructure: Infrastructure,
  names: readonly string[],
): Promise<Plan> {
  const there = await everywhere(context, infrastructure, async ({ volume, bucket }) => [
    ...((await volume?.list()) ?? []).map(({ attached_to: holder, id, name }) => ({
      ...({ kind: 'volume', id, name } as const),
      ...(holder === undefined ? {} : { holder }),
    })),
    ...((await bucket?.list?.()) ?? []).map(({ id, name }) => ({ kind: 'bucket', id, name }) as const),
  ]);
  const is = ({ kind, name }: Found, wanted: string): boolean =>
    kind === 'bucket' ? name === wanted : isVolume(name, wanted, context.infra);
  return planOf(context, infrastructure, pick(there, names, 'Storage', is));
}

/**
 * Plans the deletion of networks and load balancers by name, or of the infrastructure's own network (05 §7.5). A provider
 * refuses a network in use; load balancers go before networks.
 * @throws ProvisioningError `NETWORK_NOT_FOUND` (exit 5)
 */
export async function planNetworkRemoval(
  context: Context,
  infrastructure: Infrastructure,
  names: readonly string[],
): Promise<Plan> {
  const there = await networksAndBalancers(context, infrastructure);
  const is = ({ kind, name }: Found, wanted: string): boolean =>
    name === wanted || (kind === 'network' && name.endsWith(`-${wanted}`));
  return planOf(context, infrastructure, pick(there, names, 'Network', is));
}

/**
 * Load balancers of an infrastructure, deleted before its servers, and its VPC, deleted after them.
 * @param servers deletions of the servers.
 */
export async function planAround(
  context: Context,
  infrastructure: Pick<Infrastructure, 'servers' | 'name' | 'environment'> & { readonly network?: unknown },
  servers: readonly OperationNode[],
): Promise<Pick<Plan, 'changes' | 'graph'>> {
  const { vpc } = (infrastructure.network ?? {}) as Network;
  const there = (await networksAndBalancers(context, infrastructure)).filter(
    ({ kind, name }) => kind === 'load-balancer' || name === vpc?.name,
  );
  const { changes, graph } = planOf(context, infrastructure, there);
  const balancers = graph.filter(({ type }) => type === deletions['load-balancer']);
  const networks = graph.filter((node) => !balancers.includes(node));
  const first = balancers.map(({ id }) => id);
  return {
    changes,
    graph: [
      ...balancers,
      ...servers.map((node) => ({ ...node, dependencies: [...node.dependencies, ...first] })),
      ...networks.map((node) => ({
        ...node,
        dependencies: [...node.dependencies, ...servers.map(({ id }) => id)],
      })),
    ],
  };
}

function networksAndBalancers(
  context: Context,
  infrastructure: Pick<Infrastructure, 'servers'>,
): Promise<readonly Found[]> {
  return everywhere(context, infrastructure, async ({ network, loadBalancer }) => [
    ...((await loadBalancer?.list?.()) ?? []).map(
      ({ id, name }) => ({ kind: 'load-balancer', id, name }) as const,
    ),
    ...((await network?.list()) ?? []).map(({ id, name }) => ({ kind: 'network', id, name }) as const),
  ]);
}

async function everywhere(
  context: Context,
  { servers }: Pick<Infrastructure, 'servers'>,
  list: (provider: ProviderInstance) => Promise<readonly Omit<Found, 'provider'>[]>,
): Promise<readonly Found[]> {
  const providers = [...new Set(servers.map(({ provider }) => provider))];
  const lists = await Promise.all(
    providers.map(async (provider) =>
      (await list(await context.provider(provider))).map((one) => ({ ...one, provider })),
    ),
  );
  return lists.flat();
}

function pick(
  there: readonly Found[],
  names: readonly string[],
  what: 'Storage' | 'Network',
  is: (found: Found, name: string) => boolean,
): readonly Found[] {
  return names.flatMap((name) => {
    const found = there.filter((one) => is(one, name));
    if (found.length > 0) return found;
    throw new ProvisioningError({
      code: `${what.toUpperCase()}_NOT_FOUND`,
      kind: 'not-found',
      message: `${what} not found: ${name}`,
      hint: `There are: ${there.map((one) => one.name).join(', ') || 'none'}`,
    });
  });
}

const deletions = {
  volume: volumeDelete.type,
  bucket: bucketDelete.type,
  network: networkDelete.type,
  'load-balancer': loadBalancerDelete.type,
} as const;

function planOf(
  context: Context,
  { name: infra, environment }: Pick<Infrastructure, 'name' | 'environment'>,
  chosen: readonly Found[],
): Plan {
  const idOf = ({ kind, provider, name }: Found): string => `${kind}-${provider}-${name}`.slice(0, 64);
  const balancers = chosen.filter(({ kind }) => kind === 'load-balancer').map(idOf);
  return {
    ...{ workspace: context.workspace.name, infra, environment, warnings: [] },
    changes: chosen.map(({ kind, name }): Change => ({ kind, name, action: 'delete' })),
    graph: chosen.map((one): OperationNode => ({
      ...{ id: idOf(one), type: deletions[one.kind], name: one.name },
      input: { provider: one.provider, [one.kind]: { id: one.id, name: one.name } },
      dependencies: one.kind === 'network' ? balancers : [],
    })),
    blocked: chosen.flatMap(({ name, holder }) =>
      holder === undefined ? [] : [`Volume '${name}' is attached to ${holder}`],
    ),
  };
}
