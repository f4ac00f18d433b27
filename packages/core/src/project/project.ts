import { join } from 'node:path';
import {
  type Context,
  type Progress,
  type Provider,
  type ProviderInstance,
  type ProviderMetadata,
  Secret,
  type Transports,
} from '@provisioning/extensions-sdk';
import { ExtensionCatalogue } from '../extensions/discover.ts';
import { fileAudit } from '../extensions/isolation/audit.ts';
import { initialiseProvider, loadProvider } from '../extensions/provider-loader.ts';
import { createTransports } from '../transport/index.ts';

/** The part of a resolved configuration that operations read. */
export interface ConfigurationReader {
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
  /** The user's data folder, where installed extensions live. */
  readonly dataPath?: string;
  /** The user's configuration folder, where registered extensions are listed. */
  readonly userConfigPath?: string;
  readonly log?: (level: 'debug' | 'info' | 'warn' | 'error', message: string) => void;
}

/** What one run of an operation brings along. */
export interface RunOptions {
  readonly idempotencyKey: string;
  readonly signal?: AbortSignal;
  readonly report?: (progress: Progress) => void;
  /** Durable steps of the orchestrator; by default a step just runs. */
  readonly step?: Context['step'];
  readonly now?: () => number;
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
      },
      { cachePath: options.cachePath },
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

  context(run: RunOptions): Context {
    const signal = run.signal ?? new AbortController().signal;
    return {
      workspace: this.workspace,
      infra: this.infra,
      environment: this.environment,
      config: (path) => this.#options.configuration.get(path),
      provider: (name) => this.provider(name),
      providerMetadata: (name) => this.providerMetadata(name),
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
      this.#audit?.flush(),
      ...providers.map((loaded) =>
        loaded.status === 'fulfilled' ? loaded.value.instance.dispose() : undefined,
      ),
    ]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #module(name: string): Promise<Provider> {
    return remembered(this.#modules, name, async () => {
      const record = await this.extensions.get('provider', name);
      return loadProvider(record, {
        environment: this.#declaredVariables(record.manifest),
        cacheDir: join(this.#options.cachePath, 'providers', name),
        audit: (use) => (this.#audit ??= fileAudit(this.workspace.path)).sink(use),
        log: (level, message) => this.#options.log?.(level, message),
      });
    });
  }

  async #load(name: string): Promise<LoadedProvider> {
    return remembered(this.#providers, name, async () => {
      const provider = await this.#module(name);
      const record = await this.extensions.get('provider', name);
      const { configuration, cachePath, log } = this.#options;
      const config = configuration.get(`providers.${name}`);
      const instance = await initialiseProvider(name, provider, {
        config: (typeof config === 'object' && config !== null ? config : {}) as Record<string, unknown>,
        workspace: this.workspace,
        infra: this.infra,
        secrets: this.#secrets(record.manifest),
        environment: this.#declaredVariables(record.manifest),
        cacheDir: join(cachePath, 'providers', name),
        log: log ?? (() => undefined),
        now: Date.now,
      });
      return { metadata: provider.metadata(), instance };
    });
  }

  /** Variables the manifest lists under `configuration.optional_env` and `required_env_vars`. */
  #declaredVariables(manifest: Readonly<Record<string, unknown>>): Record<string, string> {
    const result: Record<string, string> = {};
    for (const name of declared(manifest, ['required_env_vars', 'optional_env'])) {
      const value = this.#options.variables[name];
      if (value !== undefined) result[name] = value;
    }
    return result;
  }

  /** Credentials from variables the manifest lists under `permissions.secrets`, by variable name. */
  #secrets(manifest: Readonly<Record<string, unknown>>): Record<string, Secret> {
    const result: Record<string, Secret> = {};
    const { secrets } = (manifest.permissions ?? {}) as { secrets?: unknown };
    for (const name of Array.isArray(secrets) ? secrets : []) {
      const value = this.#options.variables[String(name)];
      if (value !== undefined) result[String(name)] = new Secret(value);
    }
    return result;
  }
}

function declared(manifest: Readonly<Record<string, unknown>>, keys: readonly string[]): string[] {
  const configuration = (manifest.configuration ?? {}) as Record<string, unknown>;
  return keys.flatMap((key) => {
    const names = configuration[key];
    return Array.isArray(names) ? names.map(String) : [];
  });
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
