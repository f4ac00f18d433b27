/** Keys whose values are the caller's own data: nothing in them is renamed. */
const opaque: ReadonlySet<string> = new Set([
  'config',
  'configuration',
  'input',
  'data',
  'metadata',
  'labels',
  'params',
  'env',
  'values',
  'dependencies',
]);

/** A request body with keys as the API writes them: `retryPolicy` becomes `retry_policy` (14 §4). */
export function snakeCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCased);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const name = key.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
      return [name, opaque.has(name) ? item : snakeCased(item)];
    }),
  );
}
