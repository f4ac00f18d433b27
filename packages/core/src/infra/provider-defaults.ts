import type { Configuration } from '../config/configuration.ts';
import type { Data } from '../config/document.ts';
import { isRecord, mergeData } from '../config/merge.ts';
import type { ExtensionCatalogue } from '../extensions/discover.ts';
import { canonicalServer } from './server-aliases.ts';

/** Keys of `providers.<p>` that say a field of every server (06 §4.1), canonical spelling last. */
const configuredFields: readonly (readonly [key: string, field: string])[] = [
  ['default_instance_type', 'plan'],
  ['default_plan', 'plan'],
  ['default_os', 'os'],
];

/** Where what lies beneath the servers of a provider comes from. */
export interface ProviderDefaultSources {
  /** The extensions whose manifests say `defaults.server`. */
  readonly extensions?: Pick<ExtensionCatalogue, 'find'>;
  readonly configuration?: Pick<Configuration, 'get'>;
  /** `providers.<p>` with what templates say of it; default: what the configuration says. */
  readonly settings?: (provider: string) => Promise<Data>;
}

/**
 * What lies beneath the servers of one provider, lowest first (05 §2.1.5): `defaults.server` of the extension's manifest,
 * then `providers.<p>.default_plan`, `default_os` and `providers.<p>.defaults`. No code of the
 * provider runs. `default_zone` is not among them: it is what `auto` means (06 §5.3).
 */
export async function providerServerDefaults(
  provider: string,
  { extensions, configuration, settings: settingsOf }: ProviderDefaultSources,
): Promise<Data> {
  const manifest = (await extensions?.find('provider', provider))?.manifest;
  const defaults = manifest?.['defaults'];
  const shipped = isRecord(defaults) && isRecord(defaults['server']) ? defaults['server'] : {};
  const settings = (await settingsOf?.(provider)) ?? configuration?.get(`providers.${provider}`);
  if (!isRecord(settings)) return canonicalServer(shipped);
  const configured: Data = {};
  for (const [key, field] of configuredFields) {
    const value = settings[key];
    if (typeof value === 'string' && value !== '') configured[field] = value;
  }
  const own = isRecord(settings['defaults']) ? settings['defaults'] : {};
  return mergeData(canonicalServer(shipped), mergeData(configured, canonicalServer(own)));
}
