import type { ProviderContext } from '@provisioning/extensions-sdk';
import { infraTags } from '@provisioning/extensions-sdk/cloud';
import type { ApiLabel } from './api-types.ts';

/** Labels of the API: keys of 2 to 32 printable characters that don't begin with `_`, values up to 255. */
export function labels(tags: Readonly<Record<string, string>>): ApiLabel[] {
  return Object.entries(tags)
    .map(([key, value]) => ({ key: labelKey(key), value: printable(value).slice(0, 255) }))
    .filter(({ key }) => key.length >= 2);
}

function labelKey(key: string): string {
  return printable(key).replace(/^_+/, '').slice(0, 32);
}

function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '-');
}

export function tagsOf(list: readonly ApiLabel[] | undefined): Record<string, string> {
  return Object.fromEntries((list ?? []).map(({ key, value }) => [key, value]));
}

/** `label=…&label=…` of a list call: all of them must fit. */
export function labelQuery(tags: Readonly<Record<string, string>>): string {
  return labels(tags)
    .map(({ key, value }) => `label=${encodeURIComponent(`${key}=${value}`)}`)
    .join('&');
}

export function labelledOurs(
  list: readonly ApiLabel[] | undefined,
  scope: Pick<ProviderContext, 'workspace' | 'infra'>,
): boolean {
  const found = tagsOf(list);
  return labels(infraTags(scope)).every(({ key, value }) => found[key] === value);
}
