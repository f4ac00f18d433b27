import { ConfigurationSchema, ProvisioningError } from '@provisioning/extensions-sdk';
import type { TSchema } from 'typebox';
import type { Data } from './document.ts';
import type { Fragment } from './fragment.ts';
import { isRecord, nest } from './merge.ts';
import { type LeafType, schemaLeaves } from './schema-leaves.ts';

/** Short names and the keys they set (02 §5). */
const aliases: Readonly<
  Record<string, { readonly path: string; readonly type: LeafType; readonly negate?: boolean }>
> = {
  PROVISIONING_DEBUG: { path: 'debug.enabled', type: 'bool' },
  PROVISIONING_LOG_LEVEL: { path: 'debug.log_level', type: 'string' },
  PROVISIONING_PROVIDER: { path: 'providers.default', type: 'string' },
  PROVISIONING_OUTPUT_FORMAT: { path: 'output.format', type: 'string' },
  PROVISIONING_CACHE_ENABLED: { path: 'cache.enabled', type: 'bool' },
  PROVISIONING_CACHE_TTL: { path: 'cache.ttl', type: 'int' },
  PROVISIONING_TIMEOUT: { path: 'operations.timeout', type: 'int' },
  PROVISIONING_MAX_PARALLEL: { path: 'operations.max_parallel', type: 'int' },
  PROVISIONING_SKIP_SSL_VERIFY: { path: 'http.tls_verify', type: 'bool', negate: true },
  PROVISIONING_OCI_REGISTRY: { path: 'dependencies.extensions.oci.registry', type: 'string' },
  PROVISIONING_OCI_NAMESPACE: { path: 'dependencies.extensions.oci.namespace', type: 'string' },
  PROVISIONING_OCI_TOKEN: { path: 'dependencies.extensions.oci.token', type: 'string' },
  PROVISIONING: { path: 'paths.base', type: 'string' },
  PROVISIONING_PATH: { path: 'paths.base', type: 'string' },
};

/** The short names and the keys they set. */
export const variableKeys: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(aliases).map(([name, { path }]) => [name, path]),
);

/** Variables that steer a command and are never merged as values. */
const controls = new Set(
  (
    'ENV ENVIRONMENT WORKSPACE MODE PROFILE HOME WORKSPACE_CONFIG PROJECT_ROOT CONFIG CONFIG_PATH NONINTERACTIVE ' +
    'NON_INTERACTIVE KAGE GC_ENABLED RENDER_BIND NO_COLOR COLOR OUTPUT OUT YES TOKEN USER ORCHESTRATOR_URL ' +
    'CONTROL_CENTER_URL API_URL NICKEL_PATH KCL_PATH INFRA LANG THEME NO_HINTS BACKUP_DIR VERSION INSTALL_DIR'
  )
    .split(' ')
    .map((name) => `PROVISIONING_${name}`),
);

export interface VariableOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A service reads its own prefix too: `ORCHESTRATOR_QUEUE_…` sets `platform.orchestrator.queue.…`. */
  readonly service?: { readonly name: string; readonly prefix: string; readonly schema?: TSchema };
  /** The merged files, for keys that no schema knows. */
  readonly merged: Data;
}

export interface VariableResult {
  readonly fragments: Fragment[];
  /** Names that set nothing; an error in strict validation. */
  readonly unknown: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Environment variables as fragments of the layer `env`.
 * @throws ProvisioningError `ENV_VARIABLE_TYPE` when a value does not fit its key
 */
export function variableFragments(options: VariableOptions): VariableResult {
  const fragments: Fragment[] = [];
  const unknown: string[] = [];
  const warnings: string[] = [];
  for (const name of Object.keys(options.env).sort()) {
    const text = options.env[name];
    if (text === undefined || controls.has(name)) continue;
    const target = targetOf(name, options);
    if (target === undefined) continue;
    if (target === 'unknown') {
      unknown.push(name);
      continue;
    }
    const value = coerce(name, text, target.type);
    fragments.push({
      layer: 'env',
      value: nest(target.path, target.negate === true ? value !== true : value),
      mount: [],
      within: [],
      origin: name,
    });
    if (name === 'PROVISIONING_SKIP_SSL_VERIFY' && value === true) {
      warnings.push('TLS certificates are not verified (PROVISIONING_SKIP_SSL_VERIFY)');
    }
  }
  return { fragments, unknown, warnings };
}

interface Target {
  readonly path: readonly string[];
  readonly type: LeafType;
  readonly negate?: boolean;
}

function targetOf(name: string, options: VariableOptions): Target | 'unknown' | undefined {
  const alias = Object.hasOwn(aliases, name) ? aliases[name] : undefined;
  if (alias !== undefined) return { ...alias, path: alias.path.split('.') };
  const { service } = options;
  if (service !== undefined && name.startsWith(`${service.prefix}_`)) {
    const rest = name.slice(service.prefix.length + 1);
    if (rest === 'CONFIG' || rest === 'MODE') return undefined;
    const base = ['platform', service.name];
    const inService = service.schema === undefined ? undefined : schemaTarget(service.schema, rest, base);
    return inService ?? mergedTarget(options.merged, rest, base) ?? 'unknown';
  }
  if (!name.startsWith('PROVISIONING_')) return undefined;
  const rest = name.slice('PROVISIONING_'.length);
  return schemaTarget(ConfigurationSchema, rest, []) ?? mergedTarget(options.merged, rest, []) ?? 'unknown';
}

function variableName(path: readonly string[]): string {
  return path.join('_').replaceAll('-', '_').toUpperCase();
}

function schemaTarget(schema: TSchema, rest: string, base: readonly string[]): Target | undefined {
  const matches = schemaLeaves(schema).filter((leaf) => variableName(leaf.path) === rest);
  const [leaf] = [...matches].sort((a, b) => a.path.length - b.path.length);
  return leaf === undefined ? undefined : { path: [...base, ...leaf.path], type: leaf.type };
}

/** A key that only files have: its type is that of the value they give. */
function mergedTarget(merged: Data, rest: string, base: readonly string[]): Target | undefined {
  let start: unknown = merged;
  for (const part of base) start = isRecord(start) && Object.hasOwn(start, part) ? start[part] : undefined;
  let best: Target | undefined;
  const walk = (value: unknown, path: readonly string[]): void => {
    if (!isRecord(value)) {
      if (
        variableName(path) !== rest ||
        (best !== undefined && best.path.length <= base.length + path.length)
      )
        return;
      best = { path: [...base, ...path], type: typeOfValue(value) };
      return;
    }
    for (const key of Object.keys(value)) {
      const next = [...path, key];
      if (rest.startsWith(variableName(next))) walk(value[key], next);
    }
  };
  walk(start, []);
  return best;
}

function typeOfValue(value: unknown): LeafType {
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  return 'string';
}

const truths: Readonly<Record<string, boolean>> = {
  true: true,
  '1': true,
  yes: true,
  on: true,
  false: false,
  '0': false,
  no: false,
  off: false,
};

/** Text of a variable as the type its key has. @throws ProvisioningError `ENV_VARIABLE_TYPE` (exit 3) */
export function coerce(name: string, text: string, type: LeafType): unknown {
  const fail = (): never => {
    throw new ProvisioningError({
      code: 'ENV_VARIABLE_TYPE',
      kind: 'configuration',
      message: `Environment variable ${name}: expected ${type}, got "${text}"`,
    });
  };
  switch (type) {
    case 'bool':
      return truths[text.trim().toLowerCase()] ?? fail();
    case 'int':
      return /^[+-]?\d{1,15}$/.test(text.trim()) ? Number(text) : fail();
    case 'float':
      return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : fail();
    case 'list': {
      if (!text.trimStart().startsWith('[')) {
        return text
          .split(',')
          .map((item) => item.trim())
          .filter((item) => item !== '');
      }
      const list = json(text);
      return Array.isArray(list) ? list : fail();
    }
    case 'record': {
      const record = json(text);
      return isRecord(record) ? record : fail();
    }
    default:
      return text;
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
