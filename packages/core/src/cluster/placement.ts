import { isRecord } from '../config/merge.ts';

/** Hostnames of the components placed so far. */
export type Placement = ReadonlyMap<string, readonly string[]>;

const reference = /^@(servers|first)\(([\w-]+)\)$/;

/**
 * Fills a component's configuration with where components are: `"@servers(web)"` is the list of hostnames,
 * `"@first(primary)"` the first one, and a list item with `"@each": "web"` is repeated for each server, which it names as
 * `"@server"`.
 */
export function expandPlacement(value: unknown, placement: Placement): unknown {
  if (typeof value === 'string') return expandText(value, placement);
  if (Array.isArray(value)) return value.flatMap((item) => expandItem(item, placement));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, expandPlacement(inner, placement)]),
  );
}

function expandText(text: string, placement: Placement): unknown {
  const match = reference.exec(text);
  if (match === null) return text;
  const servers = placement.get(match[2]!) ?? [];
  return match[1] === 'first' ? (servers[0] ?? '') : servers;
}

function expandItem(item: unknown, placement: Placement): unknown[] {
  if (!isRecord(item) || typeof item['@each'] !== 'string') return [expandPlacement(item, placement)];
  const { '@each': component, ...rest } = item;
  return (placement.get(component) ?? []).map((hostname) =>
    expandPlacement(named(rest, hostname), placement),
  );
}

function named(value: unknown, hostname: string): unknown {
  if (value === '@server') return hostname;
  if (Array.isArray(value)) return value.map((item) => named(item, hostname));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, named(inner, hostname)]));
}
