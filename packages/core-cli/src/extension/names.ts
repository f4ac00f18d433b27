import { parseKind } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { splitList } from '../argv/lists.ts';

/** Names by space, comma or `[a, b]`. @throws ProvisioningError `MISSING_ARGUMENT`, exit 2. */
export function namesOf(texts: readonly string[] | undefined, what = 'names'): string[] {
  const names = [...new Set((texts ?? []).flatMap((text) => splitList(text)))];
  if (names.length > 0) return names;
  throw new ProvisioningError({
    code: 'MISSING_ARGUMENT',
    kind: 'usage',
    message: `Missing required argument: ${what}`,
  });
}

/** Names of an option that may be absent. */
export function optionalNames(texts: readonly string[] | undefined): string[] {
  return [...new Set((texts ?? []).flatMap((text) => splitList(text)))];
}

/** `k=v` pairs of repeated options. @throws ProvisioningError `INVALID_OPTION_VALUE`, exit 2. */
export function pairsOf(texts: readonly string[] | undefined, option = '--set'): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (const text of texts ?? []) {
    const at = text.indexOf('=');
    if (at < 1) {
      throw new ProvisioningError({
        code: 'INVALID_OPTION_VALUE',
        kind: 'usage',
        message: `Invalid value for ${option}: ${text}. Expected NAME=VALUE`,
      });
    }
    pairs[text.slice(0, at)] = text.slice(at + 1);
  }
  return pairs;
}

export { parseKind };
