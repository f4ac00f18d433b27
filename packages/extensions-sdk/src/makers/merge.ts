/** A record whose parts may all be left out, in lists too. */
export type DeepPartial<T> = T extends readonly (infer U)[]
  ? readonly DeepPartial<U>[]
  : T extends object
    ? { readonly [K in keyof T]?: DeepPartial<T[K]> }
    : T;

type Data = Record<string, unknown>;

/** Merges records deeply, the later one wins; lists and single values replace. Inputs are not changed. */
export function mergeRecords(lower: Data, higher: Data): Data {
  const result: Data = { ...lower };
  for (const [key, value] of Object.entries(higher)) {
    if (value === undefined || key === '__proto__') continue;
    const below = result[key];
    result[key] = isRecord(value) && isRecord(below) ? mergeRecords(below, value) : value;
  }
  return result;
}

function isRecord(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
