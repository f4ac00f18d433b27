import { readFile } from 'node:fs/promises';
import { type Mode, modeRules } from '@provisioning/distribution';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { parse } from 'smol-toml';

interface BackendSettings {
  readonly id: string;
  readonly enabled: boolean;
  readonly timeout_seconds: number;
  readonly verify_ssl: boolean;
  readonly channel: string;
}
export interface GitSettings extends BackendSettings {
  readonly url: string;
  readonly organization: string;
  readonly token_path?: string;
  readonly allowed_asset_hosts: readonly string[];
  readonly monorepos: readonly string[];
}
export interface OciSettings extends BackendSettings {
  readonly registry: string;
  readonly namespace: string;
  readonly auth_token_path?: string;
  readonly username: string;
  readonly repositories: readonly string[];
}
export interface CacheSettings {
  readonly capacity: number;
  readonly ttl_seconds: number;
  readonly enable_metadata_cache: boolean;
  readonly enable_list_cache: boolean;
}

/** Configuration of the service, resolved (10 §5). */
export interface Settings {
  readonly mode: Mode;
  readonly server: { readonly host: string; readonly port: number };
  readonly sources: {
    readonly gitea: readonly GitSettings[];
    readonly forgejo: readonly GitSettings[];
    readonly github: readonly GitSettings[];
  };
  readonly distributions: { readonly oci: readonly OciSettings[] };
  readonly cache: CacheSettings;
  readonly circuit_breaker: { readonly failure_threshold: number; readonly reset_seconds: number };
  readonly logging: { readonly level: string };
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

type Data = Readonly<Record<string, unknown>>;

/** Numbers of a mode (10 §5 "Mode overlays"). */
const overlays: Readonly<
  Record<
    Mode,
    { readonly host: string; readonly capacity: number; readonly ttl: number; readonly level: string }
  >
> = {
  solo: { host: '127.0.0.1', capacity: 100, ttl: 300, level: 'debug' },
  multiuser: { host: '0.0.0.0', capacity: 1000, ttl: 300, level: 'info' },
  cicd: { host: '0.0.0.0', capacity: 1000, ttl: 60, level: 'warn' },
  enterprise: { host: '0.0.0.0', capacity: 10_000, ttl: 600, level: 'info' },
};

function invalid(key: string, reason: string, hint?: string): ProvisioningError {
  return new ProvisioningError({
    code: 'CONFIGURATION_INVALID',
    kind: 'configuration',
    message: `${key}: ${reason}`,
    ...(hint === undefined ? {} : { hint }),
  });
}

function table(value: unknown, key: string): Data {
  if (value === undefined) return {};
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Data;
  throw invalid(key, 'expected a table');
}

function tables(value: unknown, key: string): readonly Data[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw invalid(key, 'expected an array of tables', `write [[${key}]]`);
  return value.map((one, index) => table(one, `${key}[${index}]`));
}

function text(data: Data, key: string, place: string, fallback?: string): string {
  const value = data[key] ?? fallback;
  if (typeof value === 'string' && value !== '') return value;
  throw invalid(`${place}.${key}`, value === undefined ? 'is missing' : 'expected text');
}

function number(
  data: Data,
  key: string,
  place: string,
  fallback: number,
  [least, most]: readonly [number, number],
): number {
  const value = data[key] ?? fallback;
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw invalid(`${place}.${key}`, `expected a whole number from ${least} to ${most}`);
}

function flag(data: Data, key: string, place: string, fallback: boolean): boolean {
  const value = data[key] ?? fallback;
  if (typeof value === 'boolean') return value;
  throw invalid(`${place}.${key}`, 'expected true or false');
}

/** @throws ProvisioningError `CONFIGURATION_INVALID`, exit 3. */
export async function readSettings(input: SettingsInput): Promise<Settings> {
  const { environment, flags } = input;
  const file = input.file ?? environment['REGISTRY_CONFIG'];
  const data = file === undefined ? {} : await readFileData(file);
  const named = flags.mode ?? environment['REGISTRY_MODE'] ?? environment['PROVISIONING_MODE'] ?? 'solo';
  const mode = ({ 'multi-user': 'multiuser', 'ci-cd': 'cicd' }[named] ?? named) as Mode;
  if (!(mode in modeRules)) throw invalid('mode', `unknown mode ${named}`);
  const overlay = overlays[mode];
  const server = table(data['server'], 'server');
  const cache = table(data['cache'], 'cache');
  const breaker = table(data['circuit_breaker'], 'circuit_breaker');
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
    server: {
      host: flags.host ?? fromEnvironment('SERVER_HOST') ?? text(server, 'host', 'server', overlay.host),
      port: number(
        { port: numeric(flags.port ?? fromEnvironment('SERVER_PORT')) ?? server['port'] },
        'port',
        'server',
        8081,
        [0, 65_535],
      ),
    },
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
      capacity: number(
        { capacity: numeric(fromEnvironment('CACHE_CAPACITY')) ?? cache['capacity'] },
        'capacity',
        'cache',
        overlay.capacity,
        [0, 1_000_000],
      ),
      ttl_seconds: number(
        { ttl: numeric(fromEnvironment('CACHE_TTL')) ?? cache['ttl_seconds'] ?? cache['ttl'] },
        'ttl',
        'cache',
        overlay.ttl,
        [0, 86_400],
      ),
      enable_metadata_cache: flag(cache, 'enable_metadata_cache', 'cache', true),
      enable_list_cache: flag(cache, 'enable_list_cache', 'cache', true),
    },
    circuit_breaker: {
      failure_threshold: number(breaker, 'failure_threshold', 'circuit_breaker', 5, [1, 1000]),
      reset_seconds: number(breaker, 'reset_seconds', 'circuit_breaker', 60, [1, 86_400]),
    },
    logging: {
      level: flags['log-level'] ?? text(table(data['logging'], 'logging'), 'level', 'logging', overlay.level),
    },
    migrated,
  };
  checkBackends(settings);
  return settings;
}

function numeric(value: string | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
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

/** A single `[gitea]` or `[oci]` of older files becomes element 0 (10 §5 "Legacy"). */
function withLegacy(
  list: readonly Data[],
  old: unknown,
  name: string,
  key: string,
  migrated: string[],
): readonly Data[] {
  if (old === undefined) return list;
  if (list.length > 0) {
    migrated.push(`Legacy [${name}] ignored: ${key} is configured`);
    return list;
  }
  migrated.push(`Migrated legacy [${name}] to ${key}[0]`);
  return [table(old, name)];
}

/** Environment variables change element 0, creating it when there is none. */
function override(
  list: readonly Data[],
  values: Readonly<Record<string, string | undefined>>,
): readonly Data[] {
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  if (Object.keys(given).length === 0) return list;
  const [first = {}, ...rest] = list;
  return [{ ...first, ...given }, ...rest];
}

function common(data: Data, id: string, place: string): BackendSettings {
  return {
    id: text(data, 'id', place, id),
    enabled: flag(data, 'enabled', place, true),
    timeout_seconds: number(data, 'timeout_seconds', place, 30, [1, 3600]),
    verify_ssl: flag(data, 'verify_ssl', place, true),
    channel: text(data, 'channel', place, 'community'),
  };
}

function git(kind: string, data: Data, index: number): GitSettings {
  const place = `sources.${kind}[${index}]`;
  const url = text(data, 'url', place);
  if (!/^https?:\/\//.test(url)) throw invalid(`${place}.url`, 'expected an http or https address');
  const hosts = data['allowed_asset_hosts'] ?? [];
  const monorepos = data['monorepos'] ?? [];
  const token = data['token_path'];
  return {
    ...common(data, `${kind}-${index}`, place),
    url,
    organization: text({ organization: data['organization'] ?? data['org'] }, 'organization', place),
    ...(typeof token === 'string' ? { token_path: token } : {}),
    allowed_asset_hosts: Array.isArray(hosts) ? hosts.map(String) : [],
    monorepos: Array.isArray(monorepos) ? monorepos.map(String) : [],
  };
}

function ociBackend(data: Data, index: number): OciSettings {
  const place = `distributions.oci[${index}]`;
  const token = data['auth_token_path'];
  const repositories = data['repositories'] ?? [];
  return {
    ...common(data, `oci-${index}`, place),
    registry: text(data, 'registry', place),
    namespace: text(data, 'namespace', place),
    username: text(data, 'username', place, '_token'),
    ...(typeof token === 'string' ? { auth_token_path: token } : {}),
    repositories: Array.isArray(repositories) ? repositories.map(String) : [],
  };
}

function checkBackends(settings: Settings): void {
  const { sources, distributions, mode } = settings;
  const seen = new Set<string>();
  for (const backend of [...sources.gitea, ...sources.forgejo, ...sources.github, ...distributions.oci]) {
    if (seen.has(backend.id)) throw invalid('id', `Duplicate backend id: ${backend.id}`);
    seen.add(backend.id);
    if (mode === 'enterprise' && !backend.verify_ssl)
      throw invalid(backend.id, 'verify_ssl = false is refused in enterprise mode');
  }
}
