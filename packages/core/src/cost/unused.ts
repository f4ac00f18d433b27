import type { Context, Server } from '@provisioning/extensions-sdk';
import type { InfrastructureCost } from './estimate.ts';
import { infraPath } from '../state/paths.ts';
import { StateFile } from '../state/state.ts';
import { readSamples, usualLoad } from '../utilisation/index.ts';

/** Something that costs money and does nothing (05 §10). */
export interface UnusedResource {
  readonly kind: 'server' | 'volume';
  readonly name: string;
  readonly provider: string;
  /** The provider's id. */
  readonly id: string;
  readonly reason: string;
  /** What it costs by the month; `null` where no price is known. */
  readonly monthly: number | null;
  readonly currency: string;
}

const day = 86_400_000;
/** Days after which a server that is stopped, or has nothing to do, is taken to be unused. */
const days = 7;
/** Percent of its processors that an unused server stays below. */
const idle = 5;

/**
 * Servers that have been stopped, or idle, for a week, and volumes that no server uses. Idleness is known only of servers
 * that the orchestrator has watched for that long.
 */
export async function findUnused(
  context: Context,
  infrastructure: { readonly servers: readonly Server[] },
  cost: InfrastructureCost,
): Promise<readonly UnusedResource[]> {
  const state = await new StateFile(infraPath(context)).read();
  const now = context.now();
  const prices = new Map(cost.servers.map((one) => [one.hostname, one]));
  const servers = await Promise.all(
    Object.entries(state.servers).map(async ([hostname, record]): Promise<UnusedResource | undefined> => {
      const price = prices.get(hostname);
      const base = {
        ...({ kind: 'server', name: hostname, provider: record.provider, id: record.id } as const),
        ...{ monthly: price?.monthly ?? null, currency: price?.currency ?? '' },
      };
      const since = record.status_since;
      if (record.status === 'stopped' && since !== undefined && now - Date.parse(since) > days * day)
        return { ...base, reason: `stopped since ${since.slice(0, 10)}` };
      if (record.status !== 'running') return undefined;
      const load = usualLoad(await readSamples(context, hostname), days, now);
      return load !== undefined && load.cpu < idle
        ? { ...base, reason: `${load.cpu} % of its processors used over ${days} days` }
        : undefined;
    }),
  );
  const providers = new Set([
    ...infrastructure.servers.map(({ provider }) => provider),
    ...Object.values(state.servers).map(({ provider }) => provider),
  ]);
  const volumes = await Promise.all([...providers].map((provider) => detachedVolumes(context, provider)));
  return [...servers.filter((one) => one !== undefined), ...volumes.flat()];
}

async function detachedVolumes(context: Context, provider: string): Promise<readonly UnusedResource[]> {
  const instance = await context.provider(provider);
  const detached = ((await instance.volume?.list()) ?? []).filter(
    ({ attached_to: server }) => server === undefined,
  );
  if (detached.length === 0) return [];
  // A provider states one price for a gigabyte with each of its plans.
  const price = (await instance.getPricing().catch(() => [])).find(
    ({ storage_gb_month: amount }) => amount !== undefined,
  );
  const { category } = await context.providerMetadata(provider);
  return detached.map(({ id, name, size }) => ({
    ...({ kind: 'volume', name, provider, id, reason: 'no server uses it' } as const),
    monthly: category === 'cloud' ? (price === undefined ? null : size * price.storage_gb_month!) : 0,
    currency: price?.currency ?? '',
  }));
}
