import type { Context, Price, Server } from '@provisioning/extensions-sdk';
import { type InfrastructureCost, infrastructureCost, serverCost } from '../cost/estimate.ts';
import { chooseSize } from '../operations/server/specification.ts';
import type { ObservedProvider } from './observe.ts';

/** What the servers cost by the month, and which providers gave no prices (05 §10). */
export interface PlannedCost extends InfrastructureCost {
  readonly unpriced: readonly { readonly provider: string; readonly reason: string }[];
}

/**
 * Prices servers at their providers. A provider that can't be asked makes its servers' prices unknown, not an error.
 */
export async function priceServers(
  context: Context,
  servers: readonly Server[],
  observed: ReadonlyMap<string, Pick<ObservedProvider, 'plans' | 'servers' | 'sizesFreely' | 'unreachable'>>,
): Promise<PlannedCost> {
  const unpriced: { provider: string; reason: string }[] = [];
  const prices = new Map<string, readonly Price[]>();
  await Promise.all(
    [...new Set(servers.map(({ provider }) => provider))].map(async (name) => {
      const reason = observed.get(name)?.unreachable;
      if (reason !== undefined && (await context.providerMetadata(name)).category === 'cloud') {
        unpriced.push({ provider: name, reason });
        return;
      }
      try {
        prices.set(name, await (await context.provider(name)).getPricing());
      } catch (error) {
        unpriced.push({ provider: name, reason: error instanceof Error ? error.message : String(error) });
      }
    }),
  );
  const costs = servers.map((server) => {
    const known = observed.get(server.provider);
    const existing = known?.servers.get(server.hostname);
    const plan =
      known === undefined || known.unreachable !== undefined
        ? server.plan
        : chooseSize(server, known.plans, known.sizesFreely).plan;
    const zone = existing?.zone ?? (server.zone === 'auto' ? '' : server.zone);
    return serverCost(server, plan, zone, prices.get(server.provider) ?? []);
  });
  return { ...infrastructureCost(costs), unpriced };
}
