import { join } from 'node:path';
import {
  artifactSources,
  isLoopback,
  ociDefaults,
  ociTools,
  ProvisioningError,
  scanSeverities,
  signaturePolicies,
  signingTools,
} from '@provisioning/extensions-sdk';
import type { ScanSettings } from '../scanning/gate.ts';
import type { Mode, SignaturePolicy } from '../signing/policy.ts';
import { effectivePolicy, insecureRefused, modeRules } from '../signing/policy.ts';

/** Namespaces of the kinds of artifacts (09 §5). */
export interface Namespaces {
  readonly extensions: string;
  readonly schemas: string;
  readonly platform: string;
  readonly test: string;
}

export type SourceType = (typeof artifactSources)[number];

/** `oci.signing.identities[]` (09 §8). */
export interface SignerIdentity {
  /** Who vouches for the subject: an OIDC issuer. Notation takes the certificates of `public_keys` for it. */
  readonly issuer?: string;
  readonly subject: string;
}

/** `registries.<name>` of the configuration (09 §12). */
export interface NamedRegistry {
  readonly url: string;
  readonly namespace?: string;
  readonly channel?: string;
}

/** Everything distribution reads from the configuration, resolved (09 §5). */
export interface OciSettings {
  readonly tool: (typeof ociTools)[number];
  /** `host[:port]`, or `layout:<folder>`. */
  readonly registry: string;
  readonly namespaces: Namespaces;
  /** Plain HTTP towards the default registry. */
  readonly plainHttp: boolean;
  readonly insecure: boolean;
  readonly caFile?: string;
  /** Comes before the proxies of the environment; `http.proxy`. */
  readonly proxy?: string;
  readonly username: string;
  readonly tokenFile?: string;
  readonly cacheFolder: string;
  readonly cacheMaxBytes: number;
  readonly concurrency: number;
  readonly timeoutSeconds: number;
  readonly retries: number;
  readonly mirrors: Readonly<Record<string, string>>;
  readonly tokenHosts: readonly string[];
  readonly pullAlways: boolean;
  readonly offline: boolean;
  readonly mode: Mode;
  /** Where plain names are looked for: `source_type` of the workspace (09 §5). */
  readonly source: SourceType;
  /** Host of releases for `gitea://` and `source_type: gitea`. */
  readonly gitea?: { readonly url: string; readonly organization?: string; readonly tokenFile?: string };
  /** Static index for `source_type: http` (10 §7). */
  readonly indexUrl?: string;
  /** Registries by name for `--registry` (09 §12). */
  readonly named: Readonly<Record<string, NamedRegistry>>;
  readonly scan: ScanSettings;
  readonly signing: {
    readonly policy: SignaturePolicy;
    readonly tool: (typeof signingTools)[number];
    readonly keyPath?: string;
    readonly publicKeys: readonly string[];
    /** Who may sign beside the keys: identities of keyless signatures, subjects of certificates. */
    readonly identities: readonly SignerIdentity[];
    readonly allowedSigners: Readonly<Record<string, readonly string[]>>;
  };
}

export interface SettingsInput {
  /** Value of a configuration key, `undefined` when nothing sets it. */
  readonly get: (path: string) => unknown;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly flags?: {
    readonly registry?: string;
    readonly namespace?: string;
    readonly insecure?: boolean;
    readonly offline?: boolean;
    readonly verifySignature?: boolean;
  };
  /** The configured mode; `undefined` before one is chosen, which rules as solo and has another namespace prefix. */
  readonly mode?: Mode;
  readonly configFolder: string;
  readonly cacheFolder: string;
}

/** Prefix of the namespaces by mode (S:42230-42238). */
const prefixes: Readonly<Record<Mode, string>> = {
  solo: 'dev',
  multiuser: 'provisioning',
  cicd: 'cicd',
  enterprise: 'prod',
};

function invalid(key: string, reason: string): ProvisioningError {
  return new ProvisioningError({
    code: 'INVALID_SETTING',
    kind: 'configuration',
    message: `${key}: ${reason}`,
    location: { file: 'configuration', key },
  });
}

/** The two shapes of a workspace's `dependencies` block win over the keys of `oci` (09 §5). */
const places = ['dependencies.extensions.oci', 'dependencies.registry.oci', 'oci'] as const;

class Reader {
  readonly #get: (path: string) => unknown;

  constructor(get: (path: string) => unknown) {
    this.#get = get;
  }

  first(...names: readonly string[]): unknown {
    for (const place of places) {
      for (const name of names) {
        const value = this.#get(`${place}.${name}`);
        if (value !== undefined && value !== null && value !== '') return value;
      }
    }
    return undefined;
  }

  text(...names: readonly string[]): string | undefined {
    const value = this.first(...names);
    if (value === undefined || typeof value === 'string') return value;
    throw invalid(`oci.${names[0]}`, 'expected text');
  }

  flag(name: string): boolean | undefined {
    const value = this.first(name);
    if (value === undefined || typeof value === 'boolean') return value;
    throw invalid(`oci.${name}`, 'expected true or false');
  }

  number(name: 'concurrency' | 'timeout_seconds' | 'retries'): number {
    const value = this.first(name) ?? ociDefaults[name];
    if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
    throw invalid(`oci.${name}`, 'expected a number');
  }

  texts(name: string): readonly string[] {
    const value = this.first(name) ?? [];
    if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
    throw invalid(`oci.${name}`, 'expected a list of texts');
  }

  record<T>(name: string): Readonly<Record<string, T>> {
    const value = this.first(name) ?? {};
    if (typeof value === 'object' && !Array.isArray(value)) return value as Readonly<Record<string, T>>;
    throw invalid(`oci.${name}`, 'expected keys and values');
  }

  choice<T extends string>(name: string, values: readonly T[], fallback: T): T {
    const value = this.first(name) ?? fallback;
    if (values.includes(value as T)) return value as T;
    throw invalid(`oci.${name}`, `${JSON.stringify(value)} is none of ${values.join(', ')}`);
  }
}

/** Bytes of a size such as `5GiB`, `500M` or a plain number. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?$/i.exec(text.trim());
  if (match === null) return undefined;
  const power = ['', 'K', 'M', 'G', 'T'].indexOf(match[2]!.toUpperCase());
  return Math.round(Number(match[1]) * (match[3] === '' && power > 0 ? 1000 : 1024) ** power);
}

/**
 * Resolves the settings: flag, environment, workspace block, `oci.*` keys (09 §5).
 * @throws ProvisioningError `INVALID_SETTING`, exit 3; `INSECURE_REFUSED`, exit 4.
 */
export function readOciSettings(input: SettingsInput): OciSettings {
  const { environment, flags = {} } = input;
  const reader = new Reader(input.get);
  const mode = input.mode ?? 'solo';
  if (flags.insecure === true && !modeRules[mode].insecureAllowed) throw insecureRefused(mode);
  const registries = readRegistries(input);
  const byName = flags.registry === undefined ? undefined : registries[flags.registry];
  const named =
    byName?.url ??
    flags.registry ??
    environment['PROVISIONING_OCI_REGISTRY'] ??
    reader.text('registry', 'endpoint') ??
    'localhost:5000';
  const scheme = /^(https?|oci):\/\//.exec(named)?.[1];
  const registry = named.replace(/^(https?|oci):\/\//, '').replace(/\/+$/, '');
  const tls =
    scheme === 'http'
      ? false
      : scheme === 'https'
        ? true
        : (reader.flag('tls_enabled') ?? !isLoopback(registry));
  const cacheSize = reader.first('cache_max_size');
  const cacheMaxBytes = cacheSize === undefined ? 5 * 1024 ** 3 : parseSize(String(cacheSize));
  if (cacheMaxBytes === undefined)
    throw invalid('oci.cache_max_size', `${String(cacheSize)} is no size such as 5GiB`);
  const caFile = reader.text('ca_file');
  const configured = reader.text('auth_token_path');
  const keyPath = reader.text('signing.key_path');
  const signingTool = reader.choice('signing.tool', signingTools, 'builtin');
  const proxy = input.get('http.proxy');
  return {
    tool: reader.choice('tool', ociTools, ociDefaults.tool),
    registry,
    namespaces: readNamespaces(input, reader, byName?.namespace),
    ...readSources(input),
    named: registries,
    plainHttp: !tls,
    insecure: flags.insecure === true,
    ...(caFile === undefined ? {} : { caFile }),
    ...(typeof proxy === 'string' && proxy !== '' ? { proxy } : {}),
    username: reader.text('username') ?? '_token',
    tokenFile: configured ?? join(input.configFolder, 'tokens', 'oci'),
    cacheFolder: reader.text('cache_dir') ?? join(input.cacheFolder, 'oci'),
    cacheMaxBytes,
    concurrency: Math.max(1, reader.number('concurrency')),
    timeoutSeconds: reader.number('timeout_seconds'),
    retries: reader.number('retries'),
    mirrors: reader.record<string>('mirrors'),
    tokenHosts: reader.texts('token_hosts'),
    pullAlways: input.get('extensions.pull_policy') === 'always' || mode === 'cicd',
    offline: flags.offline === true,
    mode,
    scan: readScan(reader, mode),
    signing: {
      policy: effectivePolicy(
        mode,
        reader.choice('signing.policy', signaturePolicies, 'off'),
        input.get('security.extensions.require_signature') === true || flags.verifySignature === true
          ? 'require'
          : undefined,
      ),
      tool: signingTool,
      ...(keyPath === undefined ? {} : { keyPath }),
      publicKeys: reader.texts('signing.public_keys'),
      identities: readIdentities(reader.first('signing.identities') ?? [], signingTool),
      allowedSigners: reader.record<readonly string[]>('signing.allowed_signers'),
    },
  };
}

/** The mode asks for no critical findings; the configuration may ask for more (09 §8). */
function readScan(reader: Reader, mode: Mode): ScanSettings {
  const required = reader.flag('scan.required') === true;
  const least = modeRules[mode].refuseCritical || required ? 'critical' : undefined;
  const asked =
    reader.first('scan.threshold') === undefined
      ? undefined
      : reader.choice('scan.threshold', scanSeverities, 'critical');
  const threshold = asked ?? least;
  return { required, ...(threshold === undefined ? {} : { threshold }) };
}

function readIdentities(value: unknown, tool: OciSettings['signing']['tool']): readonly SignerIdentity[] {
  const key = 'oci.signing.identities';
  if (!Array.isArray(value)) throw invalid(key, 'expected a list of {issuer, subject}');
  if (value.length > 0 && tool === 'builtin')
    throw invalid(key, 'only cosign and notation check identities; set oci.signing.tool');
  return value.map((entry: unknown, index) => {
    const { issuer, subject } = (entry ?? {}) as { readonly issuer?: unknown; readonly subject?: unknown };
    if (typeof subject !== 'string' || subject === '')
      throw invalid(`${key}[${index}].subject`, 'expected text');
    if (typeof issuer === 'string' && issuer !== '') return { issuer, subject };
    if (issuer !== undefined || tool === 'cosign') throw invalid(`${key}[${index}].issuer`, 'expected text');
    return { subject };
  });
}

function readRegistries(input: SettingsInput): Readonly<Record<string, NamedRegistry>> {
  const value = input.get('registries') ?? {};
  if (typeof value !== 'object' || Array.isArray(value))
    throw invalid('registries', 'expected names and what they stand for');
  for (const [name, entry] of Object.entries(value as Record<string, { url?: unknown } | null>)) {
    if (typeof entry?.url !== 'string') throw invalid(`registries.${name}.url`, 'expected an address');
  }
  return value as Readonly<Record<string, NamedRegistry>>;
}

/** Where plain names come from, and the hosts that this needs. */
function readSources(input: SettingsInput): Pick<OciSettings, 'source' | 'gitea' | 'indexUrl'> {
  const text = (...paths: readonly string[]): string | undefined => {
    for (const path of paths) {
      const value = input.get(path);
      if (typeof value === 'string' && value !== '') return value;
      if (value !== undefined && value !== null && value !== '') throw invalid(path, 'expected text');
    }
    return undefined;
  };
  const source =
    text('dependencies.extensions.source_type', 'dependencies.registry.type') ?? ('oci' as string);
  if (!artifactSources.some((one) => one === source))
    throw invalid(
      'dependencies.extensions.source_type',
      `${source} is none of ${artifactSources.join(', ')}`,
    );
  const setting = (key: string): readonly string[] =>
    ['dependencies.extensions.gitea', 'dependencies.registry.gitea', 'gitea'].map((at) => `${at}.${key}`);
  const url = text(...setting('url'));
  const organization = text(...setting('organization'));
  const tokenFile = text(...setting('token_path'));
  const indexUrl = text('dependencies.extensions.http.url', 'dependencies.registry.http.url');
  return {
    source: source as SourceType,
    ...(url === undefined
      ? {}
      : {
          gitea: {
            url,
            ...(organization === undefined ? {} : { organization }),
            ...(tokenFile === undefined ? {} : { tokenFile }),
          },
        }),
    ...(indexUrl === undefined ? {} : { indexUrl }),
  };
}

function readNamespaces(input: SettingsInput, reader: Reader, own: string | undefined): Namespaces {
  const { environment, flags = {}, mode } = input;
  const prefix = reader.text('namespace_prefix') ?? (mode === undefined ? 'provisioning' : prefixes[mode]);
  const named = (kind: string): string | undefined => reader.text(`namespaces.${kind}`);
  return {
    extensions:
      flags.namespace ??
      own ??
      environment['PROVISIONING_OCI_NAMESPACE'] ??
      reader.text('namespace') ??
      named('extensions') ??
      `${prefix}-extensions`,
    schemas: named('schemas') ?? named('kcl') ?? `${prefix}-schemas`,
    platform: named('platform') ?? `${prefix}-platform`,
    test: named('test') ?? `${prefix}-test`,
  };
}
