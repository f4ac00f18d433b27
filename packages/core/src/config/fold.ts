import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Data } from './document.ts';
import { type Fragment, locateIn } from './fragment.ts';
import { mergeInto, valueAt } from './merge.ts';

/**
 * Merges fragments, lowest first.
 * @throws ProvisioningError `CONFIG_TYPE_CONFLICT` naming both files when a table meets a single value,
 * `CONFIG_FORBIDDEN_KEY` for `__proto__`
 */
export function foldFragments(fragments: readonly Fragment[]): Data {
  const value: Data = {};
  for (const [index, fragment] of fragments.entries()) {
    mergeInto(value, fragment.value, {
      onConflict: (path) => {
        throw conflict(fragments.slice(0, index), fragment, path);
      },
      onForbiddenKey: (path) => {
        const location = locateIn(fragment, path);
        throw new ProvisioningError({
          code: 'CONFIG_FORBIDDEN_KEY',
          kind: 'configuration',
          message: `Key not allowed: ${path.join('.')}`,
          ...(location === undefined ? {} : { location }),
        });
      },
    });
  }
  return value;
}

function conflict(lower: readonly Fragment[], higher: Fragment, path: readonly string[]): ProvisioningError {
  const key = path.join('.');
  const below = lower.findLast((fragment) => valueAt(fragment.value, path) !== undefined);
  const location = locateIn(higher, path);
  const frame = location === undefined ? undefined : higher.document?.frame(location);
  const message = `Type conflict for ${key}: ${describe(higher, path)} sets ${kindAt(higher, path)}, ${describe(below, path)} sets ${below === undefined ? 'another kind' : kindAt(below, path)}`;
  return new ProvisioningError({
    code: 'CONFIG_TYPE_CONFLICT',
    kind: 'configuration',
    message,
    hint: 'A table cannot replace a single value or a list, nor the other way round.',
    ...(location === undefined
      ? {}
      : { location, issues: [{ message, location, ...(frame === undefined ? {} : { frame }) }] }),
  });
}

function kindAt(fragment: Fragment, path: readonly string[]): string {
  const value = valueAt(fragment.value, path);
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a table' : 'a single value';
}

function describe(fragment: Fragment | undefined, path: readonly string[]): string {
  if (fragment === undefined) return 'a lower layer';
  const line = locateIn(fragment, path)?.line;
  const file = fragment.document?.file;
  if (file !== undefined) return line === undefined ? file : `${file}:${line}`;
  return fragment.origin ?? `the ${fragment.layer} layer`;
}
