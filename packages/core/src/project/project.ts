import type { RunOptions } from '../execution/run-graph.ts';
import { join } from 'node:path';
import {
  type Context,
  type Provider,
  type ProviderInstance,
  type ProviderMetadata,
  type ProviderSchemas,
  ProvisioningError,
  type Transports,
} from '@provisioning/extensions-sdk';
import type { Configuration } from '../config/configuration.ts';
import type { Data } from '../config/document.ts';
import { ExtensionCatalogue } from '../extensions/discover.ts';
import { outrankedWarning } from '../extensions/outranked.ts';
import {
  appendRecords,
  type AuditFile,
  fileAudit,
  providerAuditFile,
} from '../extensions/isolation/audit.ts';
import { providerServerDefaults } from '../infra/provider-defaults.ts';
import type { AroundLayers } from '../layers/definition.ts';
import { providerSettings } from '../layers/provider-settings.ts';
import {
  declaredSecrets,
  declaredVariables,
  networkSettings,
  workspaceReader,
} from '../providers/environment.ts';
import { type CallStatistics, type ChangeRecord, guardProvider } from '../providers/guard.ts';
import { initialise, loadProviderModule } from '../providers/load.ts';
import { outside } from '../providers/output-guard.ts';
import {
  checkProfile,
  isCertified,
  providerProfile,
  type SignerLookup,
  signerOf,
} from '../providers/profile.ts';
import { createTransports } from '../transport/index.ts';

/** The part of a resolved configuration that operations read. */
export interface ConfigurationReader extends Partial<Pick<Configuration, 'fragments'>> {
  get(path: string): unknown;
}

export interface ProjectOptions {
  readonly workspace: { readonly name: string; readonly path: string };
  readonly infra: string;
  readonly environment: string;
  readonly configuration: ConfigurationReader;
  /** `import.meta.url` of the program, from which the product's own extensions are found. */
  readonly moduleUrls: readonly string[];
  /** Environment variables of the program; providers see the ones their manifest declares. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** The user's cache folder; each provider gets a folder of its own below it. */
  readonly cachePath: string;
  /** Nothing is written on this machine, caches included (01 §8 `--check`). Default false. */
  readonly readOnly?: boolean;
  /** The user's data folder, where installed extensions live. */
  readonly dataPath?: string;
  /** The user's configuration folder, where registered extensions are listed. */
  readonly userConfigPath?: string;
  /** Extensions of a frozen version; no others are used (03 §11). */
  readonly extensionsOnly?: string;
  /** Who signed an extension that is not the product's own; absent: nobody. */
  readonly signer?: SignerLookup;
  /** What layers say of a provider beside the configuration (08 §6.2). */
  readonly providerLayers?: (name: string) => Promise<AroundLayers>;
  /** The folder to read instead of one that is linked, given as its real path. */
  readonly linkedInUse?: (folder: string) => Promise<string>;
  readonly log?: (level: 'debug' | 'info' | 'warn' | 'error', message: string) => void;
  /** Told of every change at a provider, beside the workspace's own audit file (06 §8). */
  readonly onProviderChange?: (record: ChangeRecord) => void;
}

interface LoadedProvider {
  readonly metadata: ProviderMetadata;
  readonly instance: ProviderInstance;
}

/**
 * One infrastructure of one workspace, opened: its extensions, providers and connections. Providers load when they are
 * first used; connections are pooled until `close`.
 */
export class Project implements AsyncDisposable {
  readonly workspace: { readonly name: string; readonly path: string };
  readonly infra: string;
  readonly environment: string;
  readonly extensions: ExtensionCatalogue;
  readonly transports: Transports;
  readonly #options: ProjectOptions;
  readonly #modules = new Map<string, Promise<Provider>>();
  readonly #providers = new Map<string, Promise<LoadedProvider>>();
  #audit: ReturnType<typeof fileAudit> | undefined;
  #changes: AuditFile<ChangeRecord & { readonly actor: string; readonly infra: string }> | undefined;
  readonly #statistics = new Map<string, CallStatistics>();

  constructor(options: ProjectOptions) {
    this.#options = options;
    this.workspace = options.workspace;
    this.infra = options.infra;
    this.environment = options.environment;
    this.extensions = new ExtensionCatalogue(
      {
        workspacePath: options.workspace.path,
        infra: options.infra,
        dataPath: options.dataPath,
        userConfigPath: options.userConfigPath,
        user: options.variables.PROVISIONING_WORKSPACE_USER ?? options.variables.USER,
        moduleUrls: options.moduleUrls,
        only: options.extensionsOnly,
      },
      options.readOnly === true || options.extensionsOnly !== undefined
        ? {}
        : { cachePath: options.cachePath, inUse: options.linkedInUse },
    );
    this.transports = createTransports({
      knownHostsFile: join(options.workspace.path, '.runtime', 'known_hosts'),
      defaultKeyFiles: [join(options.workspace.path, 'secrets', 'ssh-keys', 'id_ed25519')],
      agentSocket: options.variables.SSH_AUTH_SOCK,
      environment: options.variables,
    });
  }

  /** The initialised provider. A provider that fails to load harms no other. */
  async provider(name: string): Promise<ProviderInstance> {
    return (await this.#load(name)).instance;
  }

  async providerMetadata(name: string): Promise<ProviderMetadata> {
    return (await this.#module(name)).metadata();
  }

  async providerSchemas(name: string): Promise<ProviderSchemas> {
    const { configSchema: config, serverSchema: server } = await this.#module(name);
    return { config, server };
  }

  context(run: RunOptions): Context {
    const signal = run.signal ?? new AbortController().signal;
    return {
      workspace: this.workspace,
      infra: this.infra,
      environment: this.environment,
      config: (path) => this.#options.configuration.get(path),
      provider: (name) => this.provider(name),
      providerMetadata: (name) => this.providerMetadata(name),
      providerSchemas: (name) => this.providerSchemas(name),
      serverDefaults: (provider) =>
        providerServerDefaults(provider, {
          extensions: this.extensions,
          settings: (name) => this.#settings(name),
        }),
      providerSettings: (provider) => this.#settings(provider),
      transports: this.transports,
      extension: async (kind, name) => (await this.extensions.get(kind, name)).path,
      report: run.report ?? (() => undefined),
      signal,
      idempotencyKey: run.idempotencyKey,
      now: run.now ?? Date.now,
      step: run.step ?? ((_name, work) => work()),
    };
  }

  async close(): Promise<void> {
    const providers = await Promise.allSettled(this.#providers.values());
    await Promise.allSettled([
      this.transports.close(),
      ...providers.map((loaded) =>
        loaded.status === 'fulfilled' ? loaded.value.instance.dispose() : undefined,
      ),
    ]);
    // Disposing is a use of an extension too: its record comes last.
    await Promise.all([this.#audit?.flush(), this.#changes?.flush()]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Calls of each provider so far. */
  get providerStatistics(): ReadonlyMap<string, CallStatistics> {
    return this.#statistics;
  }

  /** `providers.<p>` as it is in force. */
  #settings(name: string): Promise<Data> {
    const { configuration, providerLayers } = this.#options;
    return providerSettings(name, { configuration, layers: providerLayers });
  }

  async #module(name: string): Promise<Provider> {
    return remembered(this.#modules, name, async () => {
      const record = await this.extensions.get('provider', name);
      const { configuration, variables } = this.#options;
      const profile = providerProfile(variables.PROVISIONING_PROFILE, configuration.get('settings.profile'));
      if (profile === 'production') {
        checkProfile(profile, name, isCertified(record, await signerOf(record, this.#options.signer)));
      }
      for (const stranger of this.extensions.outranked)
        if (stranger.type === 'provider' && stranger.name === record.name)
          outside(() => this.#options.log?.('warn', outrankedWarning(stranger)));
      if (configuration.get(`providers.${name}.enabled`) === false) {
        throw new ProvisioningError({
          code: 'PROVIDER_DISABLED',
          kind: 'configuration',
          message: `Provider '${name}' is disabled`,
          hint: `Set providers.${name}.enabled = true.`,
        });
      }
      return loadProviderModule(record, this.extensions, {
        environment: declaredVariables(record.manifest, variables),
        cacheDir: join(this.#options.cachePath, 'providers', name),
        audit: (use) => (this.#audit ??= fileAudit(this.workspace.path)).sink(use),
        log: (level, message) => this.#options.log?.(level, message),
      });
    });
  }

  async #load(name: string): Promise<LoadedProvider> {
    return remembered(this.#providers, name, async () => {
      const provider = await this.#module(name);
      const { manifest } = await this.extensions.get('provider', name);
      const { cachePath, configuration, log, variables } = this.#options;
      const instance = await initialise(name, provider, {
        config: await this.#settings(name),
        workspace: this.workspace,
        infra: this.infra,
        secrets: declaredSecrets(manifest, variables),
        environment: declaredVariables(manifest, variables),
        cacheDir: join(cachePath, 'providers', name),
        log: (level, message) => outside(() => log?.(level, message)),
        now: Date.now,
        network: networkSettings(
          variables,
          this.environment,
          configuration.get('http') as object | undefined,
        ),
        readWorkspaceFile: workspaceReader(this.workspace.path),
      });
      const statistics = { calls: 0, errors: 0, total_ms: 0 };
      this.#statistics.set(name, statistics);
      return {
        metadata: provider.metadata(),
        instance: guardProvider(name, instance, {
          statistics,
          now: Date.now,
          onChange: (record) => this.#changed(record),
        }),
      };
    });
  }

  /** Every change at a provider is on record: who, what, where, and how it ended (06 §8). */
  #changed(record: ChangeRecord): void {
    const { variables, onProviderChange } = this.#options;
    this.#changes ??= appendRecords(providerAuditFile(this.workspace.path));
    const actor = variables.PROVISIONING_WORKSPACE_USER ?? variables.USER ?? 'unknown';
    this.#changes.sink({ ...record, infra: this.infra, actor });
    onProviderChange?.(record);
  }
}

/** The value under `key`, made once; a failure is forgotten, so that a later call tries again. */
function remembered<T>(map: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
    value.catch(() => map.delete(key));
  }
  return value;
}
