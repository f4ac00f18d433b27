import type { Server } from '@provisioning/extensions-sdk';
import type { InfrastructureCost, ServerCost } from './estimate.ts';

/** A share of the monthly cost, in one currency. */
export interface CostShare {
  readonly name: string;
  readonly currency: string;
  readonly monthly: number;
}

/** What the money goes to (05 §10): by part, by server, by the tag `cost_center`; dearest first. */
export interface CostBreakdown {
  readonly components: readonly CostShare[];
  readonly servers: readonly CostShare[];
  readonly cost_centers: readonly CostShare[];
  /** Servers without a price. */
  readonly unpriced: readonly string[];
}

/** Where servers without the tag are counted. */
const untagged = '(none)';

export function costBreakdown(
  servers: readonly Server[],
  { servers: costs }: InfrastructureCost,
): CostBreakdown {
  const centers = new Map(servers.map((server) => [server.hostname, centerOf(server)]));
  const priced = costs.filter(({ monthly }) => monthly !== null);
  return {
    components: sums(
      priced.flatMap(({ currency, parts }) =>
        Object.entries(parts).map(([name, monthly]) => ({ name, currency, monthly })),
      ),
    ),
    servers: sums(priced.map((cost) => share(cost.hostname, cost))),
    cost_centers: sums(priced.map((cost) => share(centers.get(cost.hostname) ?? untagged, cost))),
    unpriced: costs.filter(({ monthly }) => monthly === null).map(({ hostname }) => hostname),
  };
}

function share(name: string, { currency, monthly }: ServerCost): CostShare {
  return { name, currency, monthly: monthly ?? 0 };
}

function centerOf({ tags, labels }: Server): string {
  return tags['cost_center'] || labels['cost_center'] || untagged;
}

function sums(shares: readonly CostShare[]): readonly CostShare[] {
  const result = new Map<string, CostShare>();
  for (const one of shares) {
    if (one.monthly === 0 && one.currency === '') continue;
    const key = `${one.name}\0${one.currency}`;
    const known = result.get(key);
    result.set(key, { ...one, monthly: one.monthly + (known?.monthly ?? 0) });
  }
  return [...result.values()]
    .filter(({ monthly }) => monthly > 0)
    .sort((a, b) => b.monthly - a.monthly || a.name.localeCompare(b.name));
}
