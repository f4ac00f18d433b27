import { isRecord } from '../config/merge.ts';

/** Hostnames of the components placed so far. */
export type Placement = ReadonlyMap<string, readonly string[]>;

/** Servers of a canary that take a share of the traffic, by component. */
export interface CanaryTraffic {
  readonly placement: Placement;
  /** 0 to 100. */
  readonly weight: number;
}

const reference = /^@(servers|first)\(([\w-]+)\)$/;

/**
 * Fills a component's configuration with where components are: `"@servers(web)"` is the list of hostnames,
 * `"@first(primary)"` the first one, and a list item with `"@each": "web"` is repeated for each server, which it names as
 * `"@server"`. While a canary takes traffic, its servers are in such lists too, and each item has a `weight`.
 */
export function expandPlacement(value: unknown, placement: Placement, traffic?: CanaryTraffic): unknown {
  if (typeof value === 'string') return expandText(value, placement);
  if (Array.isArray(value)) return value.flatMap((item) => expandItem(item, placement, traffic));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, expandPlacement(inner, placement, traffic)]),
  );
}

function expandText(text: string, placement: Placement): unknown {
  const match = reference.exec(text);
  if (match === null) return text;
  const servers = placement.get(match[2]!) ?? [];
  return match[1] === 'first' ? (servers[0] ?? '') : servers;
}

function expandItem(item: unknown, placement: Placement, traffic: CanaryTraffic | undefined): unknown[] {
  if (!isRecord(item) || typeof item['@each'] !== 'string')
    return [expandPlacement(item, placement, traffic)];
  const { '@each': component, ...rest } = item;
  const own = placement.get(component) ?? [];
  const canary = traffic?.placement.get(component) ?? [];
  const one = (hostname: string, share?: number) =>
    expandPlacement(named(share === undefined ? rest : { ...rest, weight: share }, hostname), placement);
  if (traffic === undefined || traffic.weight === 0 || canary.length === 0)
    return own.map((hostname) => one(hostname));
  return [
    ...own.map((hostname) => one(hostname, shareOf(100 - traffic.weight, own.length))),
    ...canary.map((hostname) => one(hostname, shareOf(traffic.weight, canary.length))),
  ];
}

/** A weight of at least one, unless nothing is to come: load balancers take 0 to 256. */
function shareOf(percent: number, servers: number): number {
  return percent === 0 ? 0 : Math.max(1, Math.round(percent / servers));
}

function named(value: unknown, hostname: string): unknown {
  if (value === '@server') return hostname;
  if (Array.isArray(value)) return value.map((item) => named(item, hostname));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, named(inner, hostname)]));
}
