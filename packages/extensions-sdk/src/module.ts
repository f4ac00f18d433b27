import type { TSchema } from 'typebox';
import { defaultsOf } from './schemas/defaults.ts';

type Values = Record<string, unknown>;

/** What a loaded module gives a TypeScript definition (08 §5.3). */
export interface ModuleDefinition {
  readonly schema: unknown;
  /** Every key with a default, records in depth. */
  readonly defaults: Readonly<Values>;
  /** The defaults with overrides merged in: records in depth, lists and scalars replace. */
  make(overrides?: Readonly<Values>): Values;
}

/** A module from its configuration schema; generated imports call it. */
export function defineModule(schema: unknown): ModuleDefinition {
  const defaults = defaultsOf(schema as TSchema);
  return { schema, defaults, make: (overrides = {}) => merge(structuredClone(defaults), overrides) };
}

function merge(target: Values, overrides: Readonly<Values>): Values {
  for (const [key, value] of Object.entries(overrides)) {
    if (key === '__proto__') continue;
    const below = target[key];
    target[key] = isRecord(value) && isRecord(below) ? merge(below, value) : value;
  }
  return target;
}

function isRecord(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
