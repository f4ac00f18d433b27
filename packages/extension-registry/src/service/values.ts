import { ProvisioningError } from '@provisioning/extensions-sdk';

/** A table of a configuration file before it is checked. */
export type Data = Readonly<Record<string, unknown>>;

export function invalid(key: string, reason: string, hint?: string): ProvisioningError {
  return new ProvisioningError({
    code: 'CONFIGURATION_INVALID',
    kind: 'configuration',
    message: `${key}: ${reason}`,
    ...(hint === undefined ? {} : { hint }),
  });
}

export function table(value: unknown, key: string): Data {
  if (value === undefined) return {};
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Data;
  throw invalid(key, 'expected a table');
}

export function tables(value: unknown, key: string): readonly Data[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw invalid(key, 'expected an array of tables', `write [[${key}]]`);
  return value.map((one, index) => table(one, `${key}[${index}]`));
}

export function text(data: Data, key: string, place: string, fallback?: string): string {
  const value = data[key] ?? fallback;
  if (typeof value === 'string' && value !== '') return value;
  throw invalid(`${place}.${key}`, value === undefined ? 'is missing' : 'expected text');
}

export function number(
  data: Data,
  key: string,
  place: string,
  fallback: number,
  [least, most]: readonly [number, number],
): number {
  const value = data[key] ?? fallback;
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw invalid(`${place}.${key}`, `expected a whole number from ${least} to ${most}`);
}

export function flag(data: Data, key: string, place: string, fallback: boolean): boolean {
  const value = data[key] ?? fallback;
  if (typeof value === 'boolean') return value;
  throw invalid(`${place}.${key}`, 'expected true or false');
}

export function numeric(value: string | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

/** A list of texts. */
export function texts(data: Data, key: string, place: string): readonly string[] {
  const value = data[key] ?? [];
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
  throw invalid(`${place}.${key}`, 'expected a list of texts');
}

/** A text that may be absent. */
export function optional<K extends string>(
  data: Data,
  key: K,
  place: string,
): { readonly [key in K]?: string } {
  return data[key] === undefined
    ? {}
    : ({ [key]: text(data, key, place) } as { readonly [key in K]?: string });
}
