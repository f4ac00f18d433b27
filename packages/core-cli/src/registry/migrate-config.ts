import { ProvisioningError } from '@provisioning/extensions-sdk';
import { parse } from 'smol-toml';

/** Older sections, what they are called today, and keys that have another name (10 §5 "Legacy"). */
const sections = [
  { old: 'gitea', now: 'sources.gitea', keys: { org: 'organization' } },
  { old: 'oci', now: 'distributions.oci', keys: {} },
] as const;

/**
 * The configuration of an extension registry with its single sections as elements of lists; everything else, comments
 * included, stays as it is.
 * @throws ProvisioningError `CONFIGURATION_INVALID`, exit 3.
 */
export function migrateServiceConfig(
  text: string,
  file: string,
): { readonly text: string; readonly changes: readonly string[] } {
  const before = parsed(text, file);
  const changes: string[] = [];
  let result = text;
  for (const { old, now, keys } of sections) {
    if (before[old] === undefined) continue;
    const [group, kind] = now.split('.') as [string, string];
    const list = (before[group] as Readonly<Record<string, unknown>> | undefined)?.[kind];
    if (Array.isArray(list) && list.length > 0) {
      result = section(result, old, () => '');
      changes.push(`Legacy [${old}] removed: ${now} is configured`);
      continue;
    }
    result = section(result, old, (lines) => {
      let own = lines.replace(new RegExp(`^\\[${old}\\]`), `[[${now}]]`);
      for (const [from, to] of Object.entries(keys))
        own = own.replace(new RegExp(`^(\\s*)${from}(\\s*=)`, 'm'), `$1${to}$2`);
      return own;
    });
    changes.push(`Migrated legacy [${old}] to ${now}[0]`);
  }
  parsed(result, file);
  return { text: result, changes };
}

/** Replaces one `[name]` section, from its header to the next one. */
function section(text: string, name: string, change: (lines: string) => string): string {
  return text.replace(new RegExp(`^\\[${name}\\][^\\n]*(?:\\n(?!\\[)[^\\n]*)*\\n?`, 'm'), change);
}

function parsed(text: string, file: string): Readonly<Record<string, unknown>> {
  try {
    return parse(text);
  } catch (cause) {
    throw new ProvisioningError({
      code: 'CONFIGURATION_INVALID',
      kind: 'configuration',
      message: `${file}: ${(cause as Error).message.split('\n')[0]!}`,
      location: { file },
      cause,
    });
  }
}
