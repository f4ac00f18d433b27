import { ProvisioningError } from '@provisioning/extensions-sdk';
import { type PackageKey, shortName } from './universe.ts';

/**
 * Packages in the order of installation: what others need comes first, ties by name (09 §10.8).
 * @throws ProvisioningError `CIRCULAR_DEPENDENCY` with the circle (09 §10.7).
 */
export function installOrder(
  keys: Iterable<PackageKey>,
  edges: ReadonlyMap<PackageKey, readonly PackageKey[]>,
): readonly PackageKey[] {
  const sorted = [...keys].sort((a, b) =>
    shortName(a) < shortName(b) ? -1 : shortName(a) > shortName(b) ? 1 : a < b ? -1 : 1,
  );
  const state = new Map<PackageKey, 'open' | 'done'>();
  const order: PackageKey[] = [];
  for (const start of sorted) {
    // An explicit stack: chains of dependencies can be longer than the call stack is deep.
    const stack: { readonly key: PackageKey; readonly rest: PackageKey[] }[] = [];
    const enter = (key: PackageKey): void => {
      const known = state.get(key);
      if (known === 'done') return;
      if (known === 'open')
        throw circular(
          stack.map((frame) => frame.key),
          key,
        );
      state.set(key, 'open');
      stack.push({ key, rest: [...(edges.get(key) ?? [])].sort().reverse() });
    };
    enter(start);
    while (stack.length > 0) {
      const frame = stack.at(-1)!;
      const next = frame.rest.pop();
      if (next !== undefined) enter(next);
      else {
        stack.pop();
        state.set(frame.key, 'done');
        order.push(frame.key);
      }
    }
  }
  return order;
}

function circular(path: readonly PackageKey[], back: PackageKey): ProvisioningError {
  const circle = [...path.slice(path.indexOf(back)), back].map(shortName);
  return new ProvisioningError({
    code: 'CIRCULAR_DEPENDENCY',
    kind: 'conflict',
    message: `Circular dependency detected: ${circle.join(' -> ')}`,
    hint: 'one of these extensions must give up its dependency; nothing was installed',
  });
}
