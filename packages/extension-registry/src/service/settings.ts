import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Mode, modeRules } from '@provisioning/distribution';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { parse } from 'smol-toml';
import {
  checkBackends,
  git,
  type GitSettings,
  ociBackend,
  type OciSettings,
  override,
  withLegacy,
} from './backend-settings.ts';
import {
  type AccessSettings,
  type BlobCacheSettings,
  readAccess,
  readBlobCache,
  readServer,
  type ServerSettings,
} from './server-settings.ts';
import { type Data, flag, invalid, number, table, tables, text } from './values.ts';
import { withVariables } from './variables.ts';

export interface CacheSettings {
  readonly capacity: number;
  readonly ttl_seconds: number;
  readonly enable_metadata_cache: boolean;
  readonly enable_list_cache: boolean;
  /** Packages on disk (10 §4). */
  readonly blobs: BlobCacheSettings;
}

/** Configuration of the service, resolved (10 §5). */
export interface Settings extends AccessSettings {
  readonly mode: Mode;
  readonly server: ServerSettings;
  readonly sources: {
    readonly gitea: readonly GitSettings[];
    readonly forgejo: readonly GitSettings[];
    readonly github: readonly GitSettings[];
  };
  readonly distributions: { readonly oci: readonly OciSettings[] };
  readonly cache: CacheSettings;
  readonly circuit_breaker: { readonly failure_threshold: number; readonly reset_seconds: number };
  readonly logging: { readonly level: string; readonly format: 'json' | 'text' };
  /** What was mapped from an older form; logged as `config.migrated`. */
  readonly migrated: readonly string[];
}

export interface SettingsInput {
  readonly file?: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly flags: {
    readonly mode?: string;
    readonly host?: string;
    readonly port?: string;
    readonly 'log-level'?: string;
  };
}

/** Numbers of a mode (10 §5 "Mode overlays"). */
const overlays: Readonly<
  Record<Mode, { readonly capacity: number; readonly ttl: number; readonly level: string }>
> = {
  solo: { capacity: 100, ttl: 300, level: 'debug' },
  multiuser: { capacity: 1000, ttl: 300, level: 'info' },
  cicd: { capacity: 1000, ttl: 60, level: 'warn' },
  enterprise: { capacity: 10_000, ttl: 600, level: 'info' },
};

/** @throws ProvisioningError `CONFIGURATION_INVALID`, exit 3. */
export async function readSettings(input: SettingsInput): Promise<Settings> {
  const { environment, flags } = input;
  const file = input.file ?? environment['REGISTRY_CONFIG'];
  const data = withVariables(file === undefined ? {} : await readFileData(file), environment);
  const named = flags.mode ?? environment['REGISTRY_MODE'] ?? environment['PROVISIONING_MODE'] ?? 'solo';
  const mode = ({ 'multi-user': 'multiuser', 'ci-cd': 'cicd' }[named] ?? named) as Mode;
  if (!(mode in modeRules)) throw invalid('mode', `unknown mode ${named}`);
  const overlay = overlays[mode];
  const server = table(data['server'], 'server');
  const cache = table(data['cache'], 'cache');
  const breaker = table(data['circuit_breaker'], 'circuit_breaker');
  const logging = table(data['logging'], 'logging');
  const sources = table(data['sources'], 'sources');
  const migrated: string[] = [];
  const gitea = withLegacy(
    tables(sources['gitea'], 'sources.gitea'),
    data['gitea'],
    'gitea',
    'sources.gitea',
    migrated,
  );
  const oci = withLegacy(
    tables(table(data['distributions'], 'distributions')['oci'], 'distributions.oci'),
    data['oci'],
    'oci',
    'distributions.oci',
    migrated,
  );
  const fromEnvironment = (key: string): string | undefined => environment[`REGISTRY_${key}`] || undefined;
  const settings: Settings = {
    mode,
    server: readServer(server, mode, flags),
    ...readAccess(data, mode),
    sources: {
      gitea: override(gitea, {
        url: fromEnvironment('GITEA_URL'),
        organization: fromEnvironment('GITEA_ORG'),
        token_path: fromEnvironment('GITEA_TOKEN_PATH'),
      }).map((one, index) => git('gitea', one, index)),
      forgejo: tables(sources['forgejo'], 'sources.forgejo').map((one, index) => git('forgejo', one, index)),
      github: tables(sources['github'], 'sources.github').map((one, index) =>
        git('github', { url: 'https://api.github.com', ...one }, index),
      ),
    },
    distributions: {
      oci: override(oci, {
        registry: fromEnvironment('OCI_REGISTRY'),
        namespace: fromEnvironment('OCI_NAMESPACE'),
        auth_token_path: fromEnvironment('OCI_AUTH_TOKEN_PATH'),
      }).map(ociBackend),
    },
    cache: {
      capacity: number(cache, 'capacity', 'cache', overlay.capacity, [0, 1_000_000]),
      ttl_seconds: number(
        { ttl: cache['ttl_seconds'] ?? cache['ttl'] },
        'ttl',
        'cache',
        overlay.ttl,
        [0, 86_400],
      ),
      enable_metadata_cache: flag(cache, 'enable_metadata_cache', 'cache', true),
      enable_list_cache: flag(cache, 'enable_list_cache', 'cache', true),
      blobs: readBlobCache(table(cache['blobs'], 'cache.blobs'), mode, cacheFolder(environment)),
    },
    circuit_breaker: {
      failure_threshold: number(breaker, 'failure_threshold', 'circuit_breaker', 5, [1, 1000]),
      reset_seconds: number(breaker, 'reset_seconds', 'circuit_breaker', 60, [1, 86_400]),
    },
    logging: {
      level: flags['log-level'] ?? text(logging, 'level', 'logging', overlay.level),
      format: formatOf(text(logging, 'format', 'logging', 'json')),
    },
    migrated,
  };
  checkBackends([...Object.values(settings.sources).flat(), ...settings.distributions.oci], mode);
  if (mode === 'enterprise' && settings.server.tls?.client_ca_path === undefined) {
    const hint = 'set cert_path, key_path and client_ca_path';
    throw invalid('server.tls', 'is required in enterprise mode, with certificates of the callers', hint);
  }
  return settings;
}

function formatOf(text: string): 'json' | 'text' {
  if (text === 'json' || text === 'text') return text;
  throw invalid('logging.format', `expected json or text, got ${text}`);
}

function cacheFolder(environment: SettingsInput['environment']): string {
  const { XDG_CACHE_HOME: cache, HOME: home } = environment;
  return join(cache ?? join(home ?? homedir(), '.cache'), 'provisioning');
}

async function readFileData(file: string): Promise<Data> {
  let content: string;
  try {
    content = await readFile(file, 'utf8');
  } catch (cause) {
    throw new ProvisioningError({
      code: 'CONFIGURATION_INVALID',
      kind: 'configuration',
      message: `${file} cannot be read`,
      cause,
    });
  }
  try {
    return parse(content) as Data;
  } catch (cause) {
    for (const section of ['sources.gitea', 'sources.forgejo', 'sources.github', 'distributions.oci']) {
      const plain = new RegExp(`^\\[${section.replace('.', '\\.')}\\]`, 'm').test(content);
      const list = content.includes(`[[${section}]]`);
      if (plain && list) throw invalid(section, `${section} is defined twice: remove the line [${section}]`);
    }
    throw invalid(file, (cause as Error).message.split('\n')[0]!);
  }
}
