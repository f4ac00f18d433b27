import {
  type Change,
  type Context,
  type OperationNode,
  type ProviderInstance,
  ProvisioningError,
} from '@provisioning/extensions-sdk';
import type { Infrastructure } from '../infra/infrastructure.ts';
import { isVolume, volumeDelete } from '../operations/storage/volume.ts';
import { networkDelete } from '../operations/network/network.ts';
import type { Plan } from './plan.ts';

interface Found {
  readonly provider: string;
  readonly id: string;
  readonly name: string;
  readonly holder?: string;
}

/**
 * Plans the deletion of volumes by name, defined or not (05 §4.6). One that a server uses blocks the plan.
 * @throws ProvisioningError `VOLUME_NOT_FOUND` (exit 5)
 */
export async function planVolumeRemoval(
  context: Context,
  infrastructure: Infrastructure,
  names: readonly string[],
): Promise<Plan> {
  const there = await everywhere(context, infrastructure, async ({ volume }) =>
    ((await volume?.list()) ?? []).map(({ attached_to: holder, ...one }) => ({
      ...one,
      ...(holder === undefined ? {} : { holder }),
    })),
  );
  const chosen = pick(there, names, 'volume', (found, name) => isVolume(found, name, context.infra));
  return planOf(context, infrastructure, 'volume', volumeDelete.type, chosen);
}

/**
 * Plans the deletion of networks by name, or of the infrastructure's own one (05 §7.5). A provider refuses one in use.
 * @throws ProvisioningError `NETWORK_NOT_FOUND` (exit 5)
 */
export async function planNetworkRemoval(
  context: Context,
  infrastructure: Infrastructure,
  names: readonly string[],
): Promise<Plan> {
  const there = await everywhere(
    context,
    infrastructure,
    async ({ network }) => (await network?.list()) ?? [],
  );
  const chosen = pick(there, names, 'network', (found, name) => found === name || found.endsWith(`-${name}`));
  return planOf(context, infrastructure, 'network', networkDelete.type, chosen);
}

async function everywhere(
  context: Context,
  { servers }: Infrastructure,
  list: (provider: ProviderInstance) => Promise<readonly Omit<Found, 'provider'>[]>,
): Promise<readonly Found[]> {
  const providers = [...new Set(servers.map(({ provider }) => provider))];
  const lists = await Promise.all(
    providers.map(async (provider) =>
      (await list(await context.provider(provider))).map(({ id, name, ...one }) => ({
        ...{ provider, id, name },
        ...('holder' in one ? { holder: one.holder } : {}),
      })),
    ),
  );
  return lists.flat() as readonly Found[];
}

function pick(
  there: readonly Found[],
  names: readonly string[],
  kind: 'volume' | 'network',
  is: (found: string, name: string) => boolean,
): readonly Found[] {
  return names.flatMap((name) => {
    const found = there.filter((one) => is(one.name, name));
    if (found.length > 0) return found;
    throw new ProvisioningError({
      code: `${kind.toUpperCase()}_NOT_FOUND`,
      kind: 'not-found',
      message: `${kind === 'volume' ? 'Volume' : 'Network'} not found: ${name}`,
      hint: `There are: ${there.map((one) => one.name).join(', ') || 'none'}`,
    });
  });
}

function planOf(
  context: Context,
  { name: infra, environment }: Infrastructure,
  kind: 'volume' | 'network',
  type: string,
  chosen: readonly Found[],
): Plan {
  return {
    ...{ workspace: context.workspace.name, infra, environment, warnings: [] },
    changes: chosen.map(({ name }): Change => ({ kind, name, action: 'delete' })),
    graph: chosen.map(({ provider, id, name }): OperationNode => ({
      ...{ id: `${kind}-${provider}-${name}`.slice(0, 64), type, name },
      input: { provider, [kind]: { id, name } },
      dependencies: [],
    })),
    blocked: chosen.flatMap(({ name, holder }) =>
      holder === undefined ? [] : [`Volume '${name}' is attached to ${holder}`],
    ),
  };
}
