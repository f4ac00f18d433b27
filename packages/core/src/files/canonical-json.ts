/**
 * JSON with the keys of every record in order, so that the same data gives the same bytes whatever language it was
 * written in.
 */
export function canonicalJson(value: unknown, indent = 2): string {
  return JSON.stringify(withSortedKeys(value), null, indent);
}

/** The value with the keys of every record in order. */
export function withSortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withSortedKeys);
  if (typeof value !== 'object' || value === null) return value;
  const record = value as Record<string, unknown>;
  return Object.fromEntries(
    Object.keys(record)
      .sort()
      .map((key) => [key, withSortedKeys(record[key])]),
  );
}
