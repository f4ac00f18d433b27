import path from 'node:path';
import type { Data } from './document.ts';

/** Files in which `${NAME}` and `${NAME:-default}` are expanded (02 §7); elsewhere they stay as written. */
export function expandsShellVariables(file: string): boolean {
  const folder = path.basename(path.dirname(file));
  const name = path.basename(file);
  return name === 'kms.toml' || name === 'services.toml' || folder === 'platform';
}

const reference = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

/** A copy of the data with `${NAME}` replaced; a name that is not set and has no default stays as written. */
export function expandShellVariables(data: Data, env: Readonly<Record<string, string | undefined>>): Data {
  return walk(data, env) as Data;
}

/** Whether a text has a reference that this place does not expand. */
export function hasShellVariable(text: string): boolean {
  reference.lastIndex = 0;
  return reference.test(text);
}

function walk(value: unknown, env: Readonly<Record<string, string | undefined>>): unknown {
  if (typeof value === 'string') {
    if (!value.includes('${')) return value;
    return value.replaceAll(reference, (written: string, name: string, fallback: string | undefined) => {
      const set = env[name];
      return set !== undefined && set !== '' ? set : (fallback ?? written);
    });
  }
  if (Array.isArray(value)) return value.map((item) => walk(item, env));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, env)]));
}
