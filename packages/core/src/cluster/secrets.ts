import type { Data } from '../config/document.ts';
import { isRecord } from '../config/merge.ts';
import { secretName } from '../config/configuration.ts';

/** A definition as it may be kept in a file: without passwords and the like, and without what applications get as environment. */
export function withoutSecrets(value: Data): Data {
  return strip(value) as Data;
}

/** A kept definition with the secrets of the current one. */
export function withSecretsOf(kept: Data, current: Data): Data {
  return restore(kept, current) as Data;
}

function isSecret(key: string, value: unknown): boolean {
  if (key === 'env') return true;
  return secretName.test(key) && value !== '' && !isRecord(value) && typeof value !== 'boolean';
}

function strip(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strip);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, inner]) => inner !== undefined && !isSecret(key, inner))
      .map(([key, inner]) => [key, strip(inner)]),
  );
}

function restore(kept: unknown, current: unknown): unknown {
  if (Array.isArray(kept)) {
    // Members of lists of components, users and so on are known by their names.
    const others: readonly unknown[] = Array.isArray(current) ? current : [];
    return kept.map((item: unknown, index) => {
      const name = isRecord(item) ? item['name'] : undefined;
      const same =
        name === undefined ? others[index] : others.find((one) => isRecord(one) && one['name'] === name);
      return restore(item, same);
    });
  }
  if (!isRecord(kept) || !isRecord(current)) return kept;
  const result: Data = {};
  for (const [key, value] of Object.entries(kept)) result[key] = restore(value, current[key]);
  for (const [key, value] of Object.entries(current)) {
    if (!(key in kept) && isSecret(key, value)) result[key] = value;
  }
  return result;
}
