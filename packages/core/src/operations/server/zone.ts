import {
  type Context,
  type Plan,
  type ProviderInstance,
  ProvisioningError,
  type Server,
} from '@provisioning/extensions-sdk';

/**
 * The zone a server goes to (06 §5.3): its own; for `auto` the configured default, else of the zones that are allowed,
 * available and offer the plan the one with the fewest servers of this infrastructure, then the lowest price, then the
 * first by name. The same answer every time as long as nothing else changes.
 * @throws ProvisioningError `INVALID_ZONE`, `NO_ZONE`.
 */
export async function chooseZone(
  context: Context,
  provider: ProviderInstance,
  server: Server,
  plan: Plan | undefined,
): Promise<string> {
  const zones = await provider.listZones();
  if (server.zone !== 'auto') {
    if (zones.length > 0 && !zones.some(({ name }) => name === server.zone)) {
      throw new ProvisioningError({
        code: 'INVALID_ZONE',
        kind: 'configuration',
        message: `Invalid zone: ${server.zone} (server ${server.hostname})`,
        hint: `Zones of ${server.provider}: ${zones.map(({ name }) => name).join(', ')}`,
      });
    }
    return server.zone;
  }
  const settings = `providers.${server.provider}`;
  const inForce = await context.providerSettings?.(server.provider);
  const setting = (key: string): unknown =>
    inForce === undefined ? context.config(`${settings}.${key}`) : inForce[key];
  const configured = setting('default_zone');
  if (typeof configured === 'string' && configured !== '') return configured;
  const allowed = setting('zones');
  const names = zones
    .filter(({ name, available }) => available && (!Array.isArray(allowed) || allowed.includes(name)))
    .map(({ name }) => name)
    .filter((name) => plan === undefined || plan.zones.length === 0 || plan.zones.includes(name));
  if (names.length === 0 && zones.length > 0) {
    throw new ProvisioningError({
      code: 'NO_ZONE',
      kind: 'configuration',
      message: `No zone of ${server.provider} that is allowed and available offers ${plan?.name ?? 'a server'} (server ${server.hostname})`,
      hint: `Name a zone or another plan, or change ${settings}.zones. Zones: ${zones.map(({ name }) => name).join(', ')}`,
    });
  }
  if (names.length <= 1) return names[0] ?? 'default';
  const [used, prices] = await Promise.all([
    serversByZone(context, provider, server.hostname),
    plan === undefined ? undefined : pricesByZone(provider, plan.name),
  ]);
  const price = (zone: string) => prices?.get(zone) ?? plan?.hourly ?? Infinity;
  return names.sort(
    (a, b) => (used.get(a) ?? 0) - (used.get(b) ?? 0) || compare(price(a), price(b)) || (a < b ? -1 : 1),
  )[0]!;
}

function compare(a: number, b: number): number {
  // The difference of two infinities is no number.
  return a === b ? 0 : a < b ? -1 : 1;
}

async function serversByZone(
  context: Context,
  provider: ProviderInstance,
  own: string,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const { hostname, zone } of await provider.listServers({ signal: context.signal }))
    if (hostname !== own) counts.set(zone, (counts.get(zone) ?? 0) + 1);
  return counts;
}

/** Prices decide between equals only: a provider that tells none is no reason to stop. */
async function pricesByZone(
  provider: ProviderInstance,
  plan: string,
): Promise<ReadonlyMap<string, number> | undefined> {
  try {
    const prices = await provider.getPricing({ plan });
    return new Map(prices.filter((price) => price.plan === plan).map(({ zone, hourly }) => [zone, hourly]));
  } catch {
    return undefined;
  }
}
