import {
  type Plan,
  type Price,
  type ProviderInstance,
  type ProviderMetadata,
  ProvisioningError,
  type Quota,
  type Zone,
} from '@provisioning/extensions-sdk';
import type { ExtensionCatalogue } from '../extensions/discover.ts';
import { describeExtension, type ExtensionRecord } from '../extensions/record.ts';
import type { CallStatistics } from './guard.ts';
import { optionalProviders } from '../extensions/optional-providers.ts';
import { isCertified, type ProviderProfile, type SignerLookup, signerOf } from './profile.ts';
import type { ProviderFacts } from './suggest.ts';

/** One provider as `providers list` prints it (06 §5.1, S:19471-19522). */
export interface ProviderEntry {
  readonly name: string;
  readonly path: string;
  readonly type: 'provider';
  readonly version: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly available: boolean;
  readonly status: 'available' | 'disabled' | 'error' | 'not installed';
  readonly certified: boolean;
  /** Id of the trusted key that signed it; the product's own need none. */
  readonly signed_by?: string;
  readonly has_schema: boolean;
  readonly has_templates: boolean;
  readonly capabilities: ProviderMetadata['capabilities'] | null;
  /** Layer it comes from: core, installed, workspace or infrastructure. */
  readonly source: string;
  readonly error?: string;
}

export interface ProviderHealth {
  readonly provider: string;
  readonly healthy: boolean;
  readonly latency_ms: number;
  readonly checked_at: string;
  readonly error?: string;
}

export interface RegistryOptions {
  readonly catalogue: ExtensionCatalogue;
  /** Resolved configuration by dotted path. */
  readonly configuration: { get(path: string): unknown };
  readonly profile: ProviderProfile;
  /** Initialised and guarded: `Project.provider`; absent where only listing is wanted. */
  readonly open?: (name: string) => Promise<ProviderInstance>;
  /** What a provider says of itself: `Project.providerMetadata`. */
  readonly metadata?: (name: string) => Promise<ProviderMetadata>;
  /** Who signed what is not the product's own; absent: nobody. */
  readonly signer?: SignerLookup;
  readonly statistics?: ReadonlyMap<string, CallStatistics>;
  readonly now?: () => number;
}

/**
 * The providers that can be found, what they say of themselves, and questions to several of them at once. Available
 * means found, compatible, enabled and allowed by the profile; whether it loads and answers shows when it is used.
 */
export class ProviderRegistry {
  readonly #options: RegistryOptions;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  async list(query: { readonly availableOnly?: boolean } = {}): Promise<readonly ProviderEntry[]> {
    const { catalogue } = this.#options;
    const records = await catalogue.list('provider');
    const entries = await Promise.all(records.map((record) => this.#entry(record)));
    const broken = catalogue.rejected
      .filter(({ type, path }) => (type === 'provider' || type === undefined) && /provider/.test(path))
      .filter(({ path }) => !entries.some((entry) => entry.path === path))
      .map((rejected) => brokenEntry(rejected));
    const known = new Set([...entries, ...broken].map(({ name }) => name));
    const absent = Object.keys(optionalProviders).filter((name) => !known.has(name));
    const all = [...entries, ...broken, ...absent.map(absentEntry)].sort((a, b) =>
      a.name.localeCompare(b.name),
    );
    return query.availableOnly === true ? all.filter(({ available }) => available) : all;
  }

  /** @throws ProvisioningError `PROVIDER_NOT_FOUND`, exit 5. */
  async info(name: string): Promise<ProviderEntry & { readonly metadata: ProviderMetadata | null }> {
    const record = await this.#options.catalogue.get('provider', name);
    const entry = await this.#entry(record);
    try {
      const metadata = (await this.#options.metadata?.(name)) ?? null;
      return { ...entry, capabilities: metadata?.capabilities ?? entry.capabilities, metadata };
    } catch (cause) {
      const error = ProvisioningError.from(cause).message;
      return { ...entry, available: false, status: 'error', error, metadata: null };
    }
  }

  isEnabled(record: ExtensionRecord): boolean {
    return record.enabled && this.#options.configuration.get(`providers.${record.name}.enabled`) !== false;
  }

  /** All providers side by side; one that hangs or throws is unhealthy, the others are asked all the same. */
  async health(names?: readonly string[]): Promise<readonly ProviderHealth[]> {
    const { now = Date.now } = this.#options;
    const wished = names ?? (await this.list({ availableOnly: true })).map(({ name }) => name);
    return Promise.all(
      wished.map(async (provider) => {
        const started = now();
        try {
          return { provider, ...(await (await this.open(provider)).health()) };
        } catch (error) {
          return {
            provider,
            healthy: false,
            latency_ms: now() - started,
            checked_at: new Date(started).toISOString(),
            error: ProvisioningError.from(error).message,
          };
        }
      }),
    );
  }

  /** Limits of a provider; `undefined` when it tells none. */
  async quota(name: string): Promise<readonly Quota[] | undefined> {
    const provider = await this.open(name);
    return provider.getQuota?.();
  }

  async plans(
    name: string,
    query: { readonly zone?: string; readonly find?: string } = {},
  ): Promise<readonly Plan[]> {
    const plans = await (
      await this.open(name)
    ).listPlans(query.zone === undefined ? {} : { zone: query.zone });
    const text = query.find?.toLowerCase();
    return plans.filter(({ name: plan, description }) =>
      text === undefined ? true : `${plan} ${description}`.toLowerCase().includes(text),
    );
  }

  async zones(name: string): Promise<readonly Zone[]> {
    return (await this.open(name)).listZones();
  }

  async prices(
    name: string,
    query?: { readonly plan?: string; readonly zone?: string },
  ): Promise<readonly Price[]> {
    return (await this.open(name)).getPricing(query);
  }

  /** What the strategy suggester needs; providers that can't answer are told as warnings. */
  async facts(): Promise<{ readonly facts: readonly ProviderFacts[]; readonly warnings: readonly string[] }> {
    const warnings: string[] = [];
    const entries = await this.list({ availableOnly: true });
    const facts = await Promise.all(
      entries.map(async ({ name }): Promise<ProviderFacts | undefined> => {
        try {
          const provider = await this.open(name);
          const [zones, plans, prices] = await Promise.all([
            provider.listZones(),
            provider.listPlans(),
            provider.getPricing(),
          ]);
          const health = await provider.health().catch(() => undefined);
          const { capabilities } = (await this.info(name)).metadata ?? {};
          return {
            name,
            capabilities: capabilities ?? { server_management: false },
            zones,
            plans,
            prices,
            ...(health?.healthy === true ? { latency_ms: health.latency_ms } : {}),
          };
        } catch (error) {
          warnings.push(`${name} was left out: ${ProvisioningError.from(error).message}`);
          return undefined;
        }
      }),
    );
    return { facts: facts.filter((entry) => entry !== undefined), warnings: warnings.sort() };
  }

  statistics(): Readonly<Record<string, CallStatistics>> {
    return Object.fromEntries(this.#options.statistics ?? []);
  }

  /** @throws ProvisioningError of the loader. */
  open(name: string): Promise<ProviderInstance> {
    const { open } = this.#options;
    if (open === undefined) throw new Error('the registry was made for listing only');
    return open(name);
  }

  async #entry(record: ExtensionRecord): Promise<ProviderEntry> {
    const description = await describeExtension(record);
    const enabled = this.isEnabled(record);
    const signer = await signerOf(record, this.#options.signer);
    const certified = isCertified(record, signer);
    const allowed = this.#options.profile === 'development' || certified;
    const error = allowed ? undefined : `not allowed by profile '${this.#options.profile}'`;
    return {
      name: record.name,
      path: record.path,
      type: 'provider',
      version: record.version,
      description: record.description,
      enabled,
      available: enabled && error === undefined,
      status: error !== undefined ? 'error' : enabled ? 'available' : 'disabled',
      certified,
      ...(signer === undefined ? {} : { signed_by: signer }),
      has_schema: record.builtIn || description.has_schema,
      has_templates: description.has_templates,
      capabilities: capabilitiesOf(record),
      source: record.layer,
      ...(error === undefined ? {} : { error }),
    };
  }
}

/** From the manifest: nothing is loaded for a list. */
function capabilitiesOf({ manifest }: ExtensionRecord): ProviderMetadata['capabilities'] | null {
  const { capabilities } = manifest;
  return typeof capabilities === 'object' && capabilities !== null
    ? (capabilities as ProviderMetadata['capabilities'])
    : null;
}

function absentEntry(name: string): ProviderEntry {
  return {
    name,
    path: '',
    type: 'provider',
    version: '',
    description: optionalProviders[name]!.description,
    enabled: false,
    available: false,
    status: 'not installed',
    certified: true,
    has_schema: false,
    has_templates: false,
    capabilities: null,
    source: 'npm',
  };
}

function brokenEntry(rejected: ExtensionCatalogue['rejected'][number]): ProviderEntry {
  return {
    name: rejected.name ?? rejected.path.split(/[/\\]/).at(-1) ?? rejected.path,
    path: rejected.path,
    type: 'provider',
    version: rejected.version ?? '',
    description: '',
    enabled: false,
    available: false,
    status: 'error',
    certified: false,
    has_schema: false,
    has_templates: false,
    capabilities: null,
    source: rejected.layer,
    error: rejected.reason,
  };
}
