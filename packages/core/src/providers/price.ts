import type { Price } from '@provisioning/extensions-sdk';

const hoursPerMonth = 730;

export interface Cost {
  readonly hourly: number;
  readonly monthly: number;
  readonly currency: string;
}

/** What a server costs at a price, with so many GB of extra storage and public addresses (06.A18). */
export function costOf(
  price: Price,
  extra: { readonly storage_gb?: number; readonly addresses?: number } = {},
): Cost {
  const storage = (extra.storage_gb ?? 0) * (price.storage_gb_month ?? 0);
  const addresses = (extra.addresses ?? 0) * (price.ip_month ?? 0);
  return {
    hourly: round(price.hourly + (storage + addresses) / hoursPerMonth),
    monthly: round(price.monthly + storage + addresses),
    currency: price.currency,
  };
}

/** Sums by currency: prices in different currencies are never added. */
export function totalCost(costs: readonly Cost[]): Cost[] {
  const sums = new Map<string, Cost>();
  for (const { hourly, monthly, currency } of costs) {
    const sum = sums.get(currency) ?? { hourly: 0, monthly: 0, currency };
    sums.set(currency, {
      currency,
      hourly: round(sum.hourly + hourly),
      monthly: round(sum.monthly + monthly),
    });
  }
  return [...sums.values()].sort((a, b) => a.currency.localeCompare(b.currency));
}

function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
