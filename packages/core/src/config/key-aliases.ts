import type { Fragment } from './fragment.ts';
import { nest, valueAt } from './merge.ts';

const execution = [
  ...['default_mode', 'force_orchestrated', 'force_direct', 'endpoint', 'timeout_seconds', 'auto_start'],
  'fallback_to_direct',
];

/** Keys that are read as others (02 §4); within one layer the other wins. */
const aliases: readonly (readonly [readonly string[], readonly string[]])[] = [
  [
    ['defaults', 'provider'],
    ['providers', 'default'],
  ],
  [
    ['defaults', 'region'],
    ['regions', 'primary'],
  ],
  [
    ['paths', 'kloud'],
    ['paths', 'infra'],
  ],
  ...['orchestrator', 'execution'].map(
    (table) =>
      [
        [table, 'timeout'],
        ['execution', 'timeout_seconds'],
      ] as const,
  ),
  ...execution.map(
    (key) =>
      [
        ['orchestrator', key],
        ['execution', key],
      ] as const,
  ),
];

const tables = [...new Set(aliases.map(([[table]]) => table!))];

/** A fragment, above what its keys with another name mean. */
export function withAliases(fragment: Fragment): Fragment[] {
  if (fragment.mount.length > 0 || !tables.some((table) => Object.hasOwn(fragment.value, table)))
    return [fragment];
  const read = aliases.flatMap(([from, to]) => {
    const value = valueAt(fragment.value, from);
    if (value === undefined) return [];
    return [{ ...fragment, value: nest(to, value), mount: to, within: [...fragment.within, ...from] }];
  });
  return [...read, fragment];
}
