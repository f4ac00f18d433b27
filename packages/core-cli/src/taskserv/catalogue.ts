import type { ExtensionCatalogue, ExtensionRecord } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { suggest } from '../suggest.ts';

/** Version of the software a taskserv installs, or of the extension where the manifest names none. */
export function softwareVersion(record: ExtensionRecord): string {
  const { software } = record.manifest as { software?: { version?: unknown } };
  return typeof software?.version === 'string' ? software.version : record.version;
}

/** Versions of the software that the package itself knows, the one it installs first. Nobody is asked. */
export function knownVersions(record: ExtensionRecord): readonly string[] {
  const { software } = record.manifest as { software?: { supports_versions?: unknown } };
  const others = Array.isArray(software?.supports_versions) ? software.supports_versions.map(String) : [];
  return [...new Set([softwareVersion(record), ...others])];
}

/**
 * The taskserv of that name.
 * @throws ProvisioningError `TASKSERV_NOT_FOUND` (exit 5) with the list (01 §7).
 */
export async function findTaskserv(extensions: ExtensionCatalogue, name: string): Promise<ExtensionRecord> {
  const found = await extensions.find('taskserv', name);
  if (found) return found;
  const names = (await extensions.list('taskserv')).map((record) => record.name);
  const near = suggest(name, names);
  const first = near === undefined ? names : [near, ...names.filter((known) => known !== near)];
  throw new ProvisioningError({
    code: 'TASKSERV_NOT_FOUND',
    kind: 'not-found',
    message: [
      `Unknown taskserv: ${name}`,
      '',
      'Available taskservs:',
      ...first.map((known) => `  • ${known}`),
      '',
      "Use 'provisioning taskserv list' to see all available taskservs",
    ].join('\n'),
    hint: near === undefined ? undefined : `Did you mean: ${near}?`,
    details: { available: names },
  });
}
