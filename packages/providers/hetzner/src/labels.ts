import { createHash } from 'node:crypto';
import type { ProviderContext } from '@provisioning/extensions-sdk';
import { infraTags, serverTags } from '@provisioning/extensions-sdk/cloud';

type Scope = Pick<ProviderContext, 'workspace' | 'infra'>;

/**
 * A value the API takes as a label: at most 63 of `[A-Za-z0-9._-]`, with a letter or digit at both ends. What has to
 * change gets a hash, so that two values never become one.
 */
export function labelValue(value: string): string {
  if (value === '' || /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/.test(value)) return value;
  const hash = createHash('sha256').update(value).digest('hex').slice(0, 8);
  const plain = value.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  return `${plain.slice(0, 54).replace(/[^A-Za-z0-9]+$/, '')}${plain === '' ? '' : '-'}${hash}`;
}

/** A key the API takes: an optional DNS prefix and a name of at most 63 characters. */
function labelKey(key: string): string {
  return labelValue(key.replaceAll(/[/:]/g, '.'));
}

export function labels(tags: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [labelKey(key), labelValue(value)]));
}

/** `label_selector` of a query. */
export function selector(tags: Readonly<Record<string, string>>): string {
  return Object.entries(labels(tags))
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

export function infraSelector(scope: Scope): string {
  return selector(infraTags(scope));
}

export function serverSelector(scope: Scope, hostname: string): string {
  return selector(serverTags(scope, hostname));
}

/** Whether labels say that a resource is this infrastructure's. */
export function labelledOurs(found: Readonly<Record<string, string>> | undefined, scope: Scope): boolean {
  return Object.entries(labels(infraTags(scope))).every(([key, value]) => found?.[key] === value);
}
