/**
 * Values as the text of a PostgreSQL array. The driver's own arrays need the server's types, which it reads on every new
 * connection in a way that cannot be caught when the server goes away meanwhile.
 */
export function arrayText(values: readonly (string | number | null | undefined)[]): string {
  return `{${values.map(element).join(',')}}`;
}

/** A parameter of a query: lists become the text of an array. */
export function parameter(value: unknown): unknown {
  return Array.isArray(value) ? arrayText(value as (string | number | null)[]) : value;
}

function element(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return 'NULL';
  if (typeof value === 'number') return String(value);
  return `"${value.replace(/[\\"]/g, '\\$&')}"`;
}
