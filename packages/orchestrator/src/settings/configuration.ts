import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import {
  loadConfiguration,
  readDocument,
  selectWorkspace,
  type Surroundings,
  userDirectories,
} from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { findings } from '@provisioning/service-kit';
import { skeleton } from './defaults.ts';
import { Settings } from './settings.ts';

/** Flags of the binary (12 §15). */
const flagOptions = {
  host: { type: 'string' },
  port: { type: 'string' },
  'data-dir': { type: 'string' },
  'storage-type': { type: 'string' },
  'postgres-url': { type: 'string' },
  'surrealdb-url': { type: 'string' },
  'surrealdb-username': { type: 'string' },
  'surrealdb-password': { type: 'string' },
  dispatcher: { type: 'string' },
  'redis-url': { type: 'string' },
  config: { type: 'string' },
  mode: { type: 'string' },
  'log-level': { type: 'string' },
  workers: { type: 'string' },
  daemon: { type: 'boolean' },
  'show-config': { type: 'boolean' },
  version: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

/** Words behind the program's name. */
const commands: ReadonlySet<string> = new Set([
  'worker',
  'validate',
  'plan',
  'show',
  'list',
  'migrate-store',
  'repair',
]);

/** Where a flag stands in the settings. */
const flagPaths: Readonly<Record<string, string>> = {
  host: 'server.host',
  port: 'server.port',
  'data-dir': 'paths.data_dir',
  'storage-type': 'storage.type',
  'postgres-url': 'storage.postgres.url',
  'surrealdb-url': 'storage.surrealdb.url',
  'surrealdb-username': 'storage.surrealdb.username',
  'surrealdb-password': 'storage.surrealdb.password',
  dispatcher: 'dispatcher',
  'redis-url': 'redis.url',
  workers: 'server.workers',
  mode: 'mode',
  'log-level': 'logging.level',
};

export interface CommandLine {
  /** `worker`, a command for the records, or nothing for the service itself. */
  readonly command: string | undefined;
  readonly flags: Readonly<Record<string, string | boolean | undefined>>;
}

export type Origin = 'default' | 'configuration' | 'environment' | 'flag';

export interface Configured {
  readonly settings: Settings;
  /** Dotted key to where its value comes from; keys at their default are left out. */
  readonly origins: Readonly<Record<string, Origin>>;
  /** Keys that no part of the service reads, with their place: `queue.size (from …/orchestrator.toml:4)`. */
  readonly unknown: readonly string[];
}

/** @throws ProvisioningError kind `usage` */
export function readCommandLine(argv: readonly string[]): CommandLine {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: flagOptions,
      allowPositionals: true,
    });
    const [command, ...rest] = positionals;
    if ((command !== undefined && !commands.has(command)) || rest.length > 0) {
      throw new Error(`Unknown argument: ${rest[0] ?? command}`);
    }
    return { command, flags: values };
  } catch (error) {
    throw new ProvisioningError({ code: 'USAGE', kind: 'usage', message: (error as Error).message });
  }
}

/**
 * Settings of the service: defaults < `--config`, `ORCHESTRATOR_CONFIG` or `platform.orchestrator` of the configuration
 * < `ORCHESTRATOR_*` < flags (02 §5, 04 §6.3).
 * @throws ProvisioningError kind `configuration` naming the key and the file, variable or flag
 */
export async function configure(surroundings: Surroundings, { flags }: CommandLine): Promise<Configured> {
  const origins: Record<string, Origin> = {};
  const places: Record<string, string> = {};
  const value: Record<string, unknown> = {};
  const configuration = await loadConfiguration({
    surroundings,
    service: { name: 'orchestrator', prefix: 'ORCHESTRATOR', schema: Settings },
  });
  const file = flags['config'] ?? surroundings.env['ORCHESTRATOR_CONFIG'];
  const own = typeof file === 'string' && file !== '' ? await ownFile(surroundings, file) : undefined;
  for (const [path, item] of leaves(own?.value)) put(path, item, 'configuration', own!.file);
  for (const leaf of configuration.leaves(['platform', 'orchestrator'])) {
    const { layer, origin, file: from, line } = configuration.provenance(leaf);
    const isVariable = layer === 'env';
    if (own !== undefined && !isVariable) continue;
    const place = isVariable ? origin! : `${from ?? layer}${line === undefined ? '' : `:${line}`}`;
    put(
      leaf.slice(2).join('.'),
      configuration.get(leaf),
      isVariable ? 'environment' : 'configuration',
      place,
    );
  }
  const { ORCHESTRATOR_MODE: mode, ORCHESTRATOR_DATA_DIR: folder } = surroundings.env;
  if (mode !== undefined) put('mode', mode, 'environment', 'ORCHESTRATOR_MODE');
  if (folder !== undefined) put('paths.data_dir', folder, 'environment', 'ORCHESTRATOR_DATA_DIR');
  for (const [flag, path] of Object.entries(flagPaths)) {
    if (flags[flag] !== undefined) put(path, asNumber(flags[flag]), 'flag', `--${flag}`);
  }
  const settings = merge(skeleton(), value) as Settings;
  const served = await servedWorkspace(settings, surroundings);
  if (served) {
    settings.paths.data_dir ||= join(served.path, '.orchestrator', 'data');
    settings.paths.logs_dir ||= join(served.path, '.orchestrator', 'logs');
  }
  settings.paths.data_dir ||= join(userDirectories(surroundings).data, 'orchestrator');
  settings.paths.logs_dir ||= join(settings.paths.data_dir, 'logs');
  if ((settings.storage.type as string) === 'filesystem') settings.storage.type = 'sqlite';
  const [wrong] = findings(Settings, settings);
  if (wrong) {
    const key = wrong.path.slice(1).replaceAll('/', '.');
    throw new ProvisioningError({
      code: 'CONFIGURATION_ERROR',
      kind: 'configuration',
      message: `Configuration error: platform.orchestrator.${key} ${wrong.message} (from ${places[key] ?? 'default'})`,
    });
  }
  const unknown = Object.keys(origins)
    .filter((path) => origins[path] === 'configuration' && !isKnown(path))
    .map((path) => `platform.orchestrator.${path} (from ${places[path]!})`);
  return { settings, origins, unknown };

  function put(path: string, item: unknown, origin: Origin, place: string): void {
    const names = path.split('.');
    let at = value;
    for (const name of names.slice(0, -1)) at = (at[name] ??= {}) as Record<string, unknown>;
    at[names.at(-1)!] = item;
    origins[path] = origin;
    places[path] = place;
  }
}

/** The one workspace of an orchestrator that does not serve all of them. */
export async function servedWorkspace(
  settings: Settings,
  surroundings: Surroundings,
): Promise<{ readonly name: string; readonly path: string } | undefined> {
  return settings.multi_workspace ? undefined : selectWorkspace({ surroundings, infrastructure: 'none' });
}

/** Whether the schema has a key; below tables of the user's own names everything is known. */
function isKnown(path: string): boolean {
  let at: unknown = Settings;
  for (const name of path.split('.')) {
    const { properties } = at as { properties?: Record<string, unknown> };
    if (properties === undefined) return true;
    if (!Object.hasOwn(properties, name)) return false;
    at = properties[name];
  }
  return true;
}

/** Numbers of the command line; everything else stays the text it is. */
function asNumber(text: unknown): unknown {
  return typeof text === 'string' && /^-?\d{1,15}$/.test(text) ? Number(text) : text;
}

/** The file `--config` names: the tables of the service, bare or below `[orchestrator]`. */
async function ownFile(
  surroundings: Surroundings,
  name: string,
): Promise<{ readonly file: string; readonly value: unknown }> {
  const file = resolve(surroundings.cwd, name);
  const failed = (reason: string): ProvisioningError =>
    new ProvisioningError({
      code: 'CONFIGURATION_ERROR',
      kind: 'configuration',
      message: `failed to load config from mode file: ${file}: ${reason}`,
      location: { file },
    });
  const document = await readDocument(file).catch((error: unknown) => {
    throw failed(ProvisioningError.from(error).message);
  });
  if (document === undefined) throw failed('no such file');
  const { orchestrator, ...rest } = document.value;
  return { file, value: isRecord(orchestrator) ? merge(rest, orchestrator) : document.value };
}

function merge(base: unknown, over: unknown): unknown {
  if (!isRecord(base) || !isRecord(over)) return over === undefined ? base : over;
  const result: Record<string, unknown> = { ...base };
  for (const [key, item] of Object.entries(over)) result[key] = merge(base[key], item);
  return result;
}

function* leaves(value: unknown, prefix = ''): Generator<[string, unknown]> {
  if (!isRecord(value)) return;
  for (const [key, item] of Object.entries(value)) {
    const path = prefix === '' ? key : `${prefix}.${key}`;
    if (isRecord(item) && Object.keys(item).length > 0) yield* leaves(item, path);
    else yield [path, item];
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
