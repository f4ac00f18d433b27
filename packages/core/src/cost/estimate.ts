import { type Price, ProvisioningError, type Server } from '@provisioning/extensions-sdk';
import { type Cost, costOf, totalCost } from '../providers/price.ts';

/** Hours of a month where the provider states no monthly price (05 §10). */
export const hoursPerMonth = 730;

/** Price of one server by its parts; `null` where the provider gives no price. By the month. */
export interface ServerCost {
  readonly hostname: string;
  readonly provider: string;
  readonly plan: string;
  readonly zone: string;
  readonly currency: string;
  readonly hourly: number | null;
  readonly monthly: number | null;
  readonly parts: Readonly<Record<'plan' | 'volumes' | 'public_ip' | 'backups', number>>;
}

export interface InfrastructureCost {
  readonly servers: readonly ServerCost[];
  /** One sum for each currency. */
  readonly totals: readonly Cost[];
  /** Whether a price is missing: the total is at least this. */
  readonly incomplete: boolean;
}

/** Providers whose servers cost nothing here. */
const free = new Set(['local', 'baremetal']);

/** What a server costs: plan, volumes, public address, backups. */
export function serverCost(server: Server, plan: string, zone: string, prices: readonly Price[]): ServerCost {
  const base = { hostname: server.hostname, provider: server.provider, plan, zone };
  const none = { plan: 0, volumes: 0, public_ip: 0, backups: 0 };
  if (free.has(server.provider)) return { ...base, currency: '', hourly: 0, monthly: 0, parts: none };
  const price =
    prices.find((one) => one.plan === plan && one.zone === zone) ?? prices.find((one) => one.plan === plan);
  if (price === undefined) return { ...base, currency: '', hourly: null, monthly: null, parts: none };
  const gigabytes = (server.storage?.additional ?? []).reduce((sum, volume) => sum + volume.size, 0);
  const backups = server.backup_enabled === true ? server.disk : 0;
  const addresses = server.network?.public_ip === false ? 0 : 1;
  const stated = { ...price, monthly: price.monthly > 0 ? price.monthly : price.hourly * hoursPerMonth };
  const cost = costOf(stated, { storage_gb: gigabytes + backups, addresses });
  const storage = price.storage_gb_month ?? 0;
  const parts = {
    plan: stated.monthly,
    volumes: gigabytes * storage,
    public_ip: addresses * (price.ip_month ?? 0),
    backups: backups * storage,
  };
  return { ...base, ...cost, parts };
}

/** The sum of all servers, never across currencies; free servers add nothing. */
export function infrastructureCost(servers: readonly ServerCost[]): InfrastructureCost {
  const priced = servers.flatMap(({ currency, hourly, monthly }) =>
    hourly === null || monthly === null || currency === '' ? [] : [{ currency, hourly, monthly }],
  );
  return {
    servers,
    totals: totalCost(priced),
    incomplete: servers.some((server) => server.monthly === null),
  };
}

/** `12.34 EUR/month`, `≥ 12.34 EUR/month` when a price is missing, `0.00/month` when all is free. */
export function costText({ totals, incomplete }: InfrastructureCost): string {
  if (totals.length === 0) return incomplete ? 'n/a' : '0.00/month';
  const text = totals.map(({ currency, monthly }) => `${monthly.toFixed(2)} ${currency}/month`).join(' + ');
  return incomplete ? `≥ ${text}` : text;
}

/** The cheapest plan of each provider that holds what a server needs, and what it would change (`--compare`). */
export interface PlanOffer {
  readonly provider: string;
  readonly plan: string;
  readonly currency: string;
  readonly monthly: number;
  readonly difference: number;
}

export function compareOffers(
  needs: { readonly cores: number; readonly memory: number },
  current: number,
  providers: readonly {
    readonly name: string;
    readonly plans: readonly { readonly name: string; readonly cores: number; readonly memory_mb: number }[];
    readonly prices: readonly Price[];
  }[],
): PlanOffer[] {
  const offers: PlanOffer[] = [];
  for (const { name, plans, prices } of providers) {
    if (free.has(name)) {
      offers.push({ provider: name, plan: '', currency: '', monthly: 0, difference: -current });
      continue;
    }
    const fitting = plans
      .filter((plan) => plan.cores >= needs.cores && plan.memory_mb >= needs.memory)
      .flatMap((plan) => prices.filter((price) => price.plan === plan.name))
      .map((price) => ({ price, monthly: price.monthly > 0 ? price.monthly : price.hourly * hoursPerMonth }))
      .sort((a, b) => a.monthly - b.monthly)[0];
    if (fitting === undefined) continue;
    const { price, monthly } = fitting;
    offers.push({
      provider: name,
      plan: price.plan,
      currency: price.currency,
      monthly,
      difference: monthly - current,
    });
  }
  return offers.sort((a, b) => a.monthly - b.monthly);
}

export interface BudgetOptions {
  readonly budget: number | undefined;
  /** Share of the budget at which a warning is due, default 0.8. */
  readonly threshold?: number;
  readonly force?: boolean;
}

/**
 * Checks the projected monthly cost against the budget.
 * @returns a warning from the threshold on
 * @throws ProvisioningError `BUDGET_EXCEEDED` (exit 1) above the budget, unless forced
 */
export function checkBudget(
  projected: number,
  { budget, threshold = 0.8, force }: BudgetOptions,
): string | undefined {
  if (budget === undefined || budget <= 0) return undefined;
  const message = `Monthly budget exceeded: ${projected.toFixed(2)} of ${budget.toFixed(2)}`;
  if (projected > budget) {
    if (force === true) return message;
    throw new ProvisioningError({
      code: 'BUDGET_EXCEEDED',
      message,
      hint: 'Use smaller plans, raise cost_controls.max_monthly_budget, or add --force.',
    });
  }
  if (projected < budget * threshold) return undefined;
  return `Monthly budget used to ${Math.round((projected / budget) * 100)} %: ${projected.toFixed(2)} of ${budget.toFixed(2)}`;
}
