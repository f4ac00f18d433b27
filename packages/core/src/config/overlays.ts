import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { Data } from './document.ts';
import { type Fragment, locateIn } from './fragment.ts';
import { isRecord, keyPath, mergeData, nest, valueAt } from './merge.ts';

/** What is active while files are read (02 §9). */
export interface Active {
  readonly environment: string;
  readonly profile?: string;
  readonly region?: string;
}

/**
 * A fragment with the tables inside it that apply on top: `[overrides]`, `[environments.<env>]`,
 * `[profiles.<active>]`, `[regions.<active>]`, in this order.
 */
export function withOverlays(fragment: Fragment, active: Active): Fragment[] {
  if (fragment.mount.length > 0) return [fragment];
  const tables: readonly (readonly string[])[] = [
    ['overrides'],
    ['environments', active.environment],
    ...(active.profile === undefined ? [] : [['profiles', active.profile]]),
    ...(active.region === undefined ? [] : [['regions', active.region]]),
  ];
  const fragments = [fragment];
  for (const table of tables) {
    const content = valueAt(fragment.value, table);
    if (!isRecord(content)) continue;
    fragments.push({
      layer: fragment.layer,
      value: undotted(content),
      mount: [],
      within: table,
      overlay: table.join('.'),
      ...(fragment.document === undefined ? {} : { document: fragment.document }),
    });
  }
  return fragments;
}

/** Quoted dotted keys (`"debug.enabled" = false`) as the path they mean. */
function undotted(content: Data): Data {
  if (!Object.keys(content).some((key) => key.includes('.'))) return content;
  let result: Data = {};
  for (const [key, value] of Object.entries(content)) {
    result = mergeData(result, key.includes('.') ? nest(keyPath(key), value) : { [key]: value });
  }
  return result;
}

/**
 * The active profile: `--profile`, then `PROVISIONING_PROFILE`, then the highest layer that sets `profiles.active`.
 * @throws ProvisioningError `PROFILE_NOT_DEFINED` listing the profiles there are
 */
export function activeProfile(
  fragments: readonly Fragment[],
  requested: string | undefined,
): string | undefined {
  const setter = fragments.findLast(
    (fragment) => typeof valueAt(fragment.value, ['profiles', 'active']) === 'string',
  );
  const name =
    requested ?? (setter === undefined ? undefined : String(valueAt(setter.value, ['profiles', 'active'])));
  if (name === undefined || name === '') return undefined;
  const defined = new Set<string>();
  for (const { value } of fragments) {
    const profiles = value['profiles'];
    if (!isRecord(profiles)) continue;
    for (const key of Object.keys(profiles)) if (isRecord(profiles[key])) defined.add(key);
  }
  if (defined.has(name)) return name;
  const location =
    requested === undefined && setter !== undefined ? locateIn(setter, ['profiles', 'active']) : undefined;
  throw new ProvisioningError({
    code: 'PROFILE_NOT_DEFINED',
    kind: 'configuration',
    message: `Profile '${name}' not defined\nAvailable profiles: ${JSON.stringify([...defined].sort())}`,
    ...(location === undefined ? {} : { location }),
  });
}

/** The active region: `--region`, then the infrastructure's, then `regions.primary`. */
export function activeRegion(
  fragments: readonly Fragment[],
  requested: string | undefined,
): string | undefined {
  if (requested !== undefined && requested !== '') return requested;
  for (const path of [
    ['infrastructure', 'region'],
    ['regions', 'primary'],
  ]) {
    const setter = fragments.findLast((fragment) => typeof valueAt(fragment.value, path) === 'string');
    if (setter !== undefined) return String(valueAt(setter.value, path));
  }
  return undefined;
}
