import type { Data } from './document.ts';

/** In TOML, which has no null, this string removes a value of a lower layer (02 §3.1.6). */
export const unsetMark = '__unset__';

/** Whether a value is a record: merged key by key, where lists and scalars replace. */
export function isRecord(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export interface MergeOptions {
  /** Called for a record against a scalar or list; throws, or the higher value wins when it returns. */
  readonly onConflict?: (path: readonly string[], lower: unknown, higher: unknown) => void;
  /** Called for a key that no data may have. */
  readonly onForbiddenKey?: (path: readonly string[]) => void;
}

/**
 * Merges `higher` over `lower` and returns a new value: records deeply, everything else replaces, `null` or
 * `"__unset__"` removes. Neither input is changed; unchanged parts are shared.
 */
export function mergeData(lower: Data, higher: Data, options: MergeOptions = {}): Data {
  return mergeAt({ ...lower }, higher, options, [], false);
}

/** The same into `target` itself, all of whose records were made by this function. */
export function mergeInto(target: Data, higher: Data, options: MergeOptions = {}): Data {
  return mergeAt(target, higher, options, [], true);
}

function mergeAt(
  target: Data,
  higher: Data,
  options: MergeOptions,
  path: string[],
  ownsRecords: boolean,
): Data {
  for (const key of Object.keys(higher)) {
    if (key === '__proto__') {
      options.onForbiddenKey?.([...path, key]);
      continue;
    }
    const value = higher[key];
    if (value === null || value === unsetMark) {
      Reflect.deleteProperty(target, key);
      continue;
    }
    const below = Object.hasOwn(target, key) ? target[key] : undefined;
    if (isRecord(value)) {
      path.push(key);
      if (below !== undefined && !isRecord(below)) options.onConflict?.(path, below, value);
      target[key] = isRecord(below)
        ? mergeAt(ownsRecords ? below : { ...below }, value, options, path, ownsRecords)
        : copied(value, options, path);
      path.pop();
    } else {
      if (isRecord(below)) options.onConflict?.([...path, key], below, value);
      target[key] = value;
    }
  }
  return target;
}

/** What merging a record over nothing gives. Most records are there once: copying them whole is much faster than key by key. */
function copied(record: Data, options: MergeOptions, path: string[]): Data {
  const copy: Data = { ...record };
  for (const key of Object.keys(record)) {
    const value = record[key];
    if (key === '__proto__') options.onForbiddenKey?.([...path, key]);
    if (key === '__proto__' || value === null || value === unsetMark) {
      Reflect.deleteProperty(copy, key);
    } else if (isRecord(value)) {
      path.push(key);
      copy[key] = copied(value, options, path);
      path.pop();
    }
  }
  return copy;
}

/** The value at a path, own keys only. */
export function valueAt(data: unknown, path: readonly (string | number)[]): unknown {
  let value = data;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}

/** A record with one value at a path: `{providers: {aws: value}}`. */
export function nest(path: readonly string[], value: unknown): Data {
  return path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Data;
}

/** Splits `a.b."c.d"` into its parts; quotes keep dots. */
export function keyPath(text: string): string[] {
  const parts = text.match(/"[^"]*"|'[^']*'|[^.]+/g) ?? [];
  return parts.map((part) => (/^["']/.test(part) ? part.slice(1, -1) : part));
}

/** Freezes a value and everything in it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const key of Object.keys(value)) {
      const child = (value as Data)[key];
      if (typeof child === 'object') deepFreeze(child);
    }
  }
  return value;
}
