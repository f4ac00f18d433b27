import { createHash } from 'node:crypto';
import { access, cp, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ConfigurationSchema, ProvisioningError, defaultsOf } from '@provisioning/extensions-sdk';
import { parseDocument } from '../document.ts';
import { isRecord, mergeData, nest, valueAt } from '../merge.ts';
import { type Surroundings, userDirectories } from '../surroundings.ts';
import { textOf } from './export.ts';

/** One old file and where its content goes (02 §17). */
export interface MigrationEntry {
  readonly from: string;
  readonly to: string;
  readonly keys: number;
  /** Top keys the schema does not know; they are kept. */
  readonly unknown: readonly string[];
}

export interface ConfigMigrationPlan {
  readonly workspace: string;
  readonly entries: readonly MigrationEntry[];
}

export interface ConfigMigrationOptions {
  readonly surroundings: Surroundings;
  /** Folder of the old tree. */
  readonly source: string;
  readonly workspaceName?: string;
  readonly workspacePath?: string;
  readonly check?: boolean;
  readonly backup?: boolean;
  /** Merge into a workspace that exists; its values win. */
  readonly merge?: boolean;
}

export interface ConfigMigrationResult {
  readonly status: 'nothing' | 'planned' | 'migrated';
  readonly plan: ConfigMigrationPlan;
  readonly backup?: string;
}

const historyFile = path.join('.provisioning', 'config-migration.json');
const services = new Set([
  'orchestrator',
  'control_center',
  'control-center',
  'vault',
  'registry',
  'extension-registry',
  'rag',
  'ai-service',
  'mcp',
]);

/**
 * `config migrate`: takes an old configuration tree into a workspace. Everything is written aside, read back, then
 * moved; old files are never deleted.
 * @throws ProvisioningError `WORKSPACE_EXISTS` (1), `CONFIG_SYNTAX` (3)
 */
export async function migrateConfiguration(options: ConfigMigrationOptions): Promise<ConfigMigrationResult> {
  const { surroundings } = options;
  const name = options.workspaceName ?? 'default';
  const target = options.workspacePath ?? path.join(surroundings.home, 'workspaces', name);
  const done = await history(target);
  const sources = await oldFiles(options.source);
  const files = (
    await Promise.all(sources.map(async (file) => ({ ...file, text: await readFile(file.from, 'utf8') })))
  ).filter(({ text }) => !done.has(digest(text)));
  const outputs = new Map<string, Record<string, unknown>>();
  const entries: MigrationEntry[] = [];
  for (const file of files) {
    for (const [place, value] of placed(file.kind, file.name, parseDocument(file.text, file.from).value)) {
      const to = place.startsWith('user:')
        ? path.join(userDirectories(surroundings).config, place.slice(5))
        : path.join(target, place);
      outputs.set(to, mergeData(outputs.get(to) ?? {}, value));
      entries.push({
        from: file.from,
        to,
        keys: leaves(value),
        unknown: Object.keys(value).filter((key) => !(key in ConfigurationSchema.properties)),
      });
    }
  }
  const plan = { workspace: target, entries };
  if (entries.length === 0) return { status: 'nothing', plan };
  if (options.check === true) return { status: 'planned', plan };
  if ((await there(target)) && options.merge !== true && done.size === 0) {
    throw new ProvisioningError({
      code: 'WORKSPACE_EXISTS',
      kind: 'conflict',
      message: `workspace path already exists: ${target}`,
      hint: 'Merge into it with --merge (its values win), or choose another with --workspace-name.',
    });
  }
  const backup = options.backup === true ? await copyAside(options.source, surroundings.now()) : undefined;
  const main = path.join(target, 'config', 'provisioning.toml');
  const created = { workspace: { name, version: '1.0.0', created: surroundings.now().toISOString() } };
  outputs.set(main, mergeData(created, outputs.get(main) ?? {}));
  await writeAll(outputs, target);
  await record(target, [...done, ...files.map(({ text }) => digest(text))]);
  return { status: 'migrated', plan, ...(backup === undefined ? {} : { backup }) };
}

interface OldFile {
  readonly from: string;
  readonly kind: 'defaults' | 'user' | 'environment' | 'provider';
  readonly name: string;
}

async function oldFiles(source: string): Promise<OldFile[]> {
  const found: OldFile[] = [];
  for (const name of (await readdir(source).catch((): string[] => [])).sort()) {
    const from = path.join(source, name);
    const environment =
      /^config\.([a-z0-9_-]+)\.toml$/.exec(name)?.[1] ?? /^([a-z0-9_-]+)-defaults\.toml$/.exec(name)?.[1];
    if (name === 'config.defaults.toml') found.push({ from, kind: 'defaults', name });
    else if (name === 'config.user.toml') found.push({ from, kind: 'user', name });
    else if (environment !== undefined && environment !== 'project' && environment !== 'infra')
      found.push({ from, kind: 'environment', name: environment });
  }
  for (const provider of (await readdir(path.join(source, 'providers')).catch((): string[] => [])).sort()) {
    for (const name of ['config', 'config.toml']) {
      const from = path.join(source, 'providers', provider, name);
      if (await there(from)) found.push({ from, kind: 'provider', name: provider });
    }
  }
  return found;
}

/** The files a piece of old configuration is written to; of the defaults only what differs is kept. */
function placed(
  kind: OldFile['kind'],
  name: string,
  value: Record<string, unknown>,
): [string, Record<string, unknown>][] {
  if (kind === 'user') return [['user:config.toml', value]];
  if (kind === 'environment') return [[`config/environments/${name}.toml`, value]];
  if (kind === 'provider')
    return [[`config/providers/${name}.toml`, isRecord(value['provider']) ? value : { provider: value }]];
  const result: [string, Record<string, unknown>][] = [];
  const rest = differing(value, defaultsOf(ConfigurationSchema));
  for (const key of Object.keys(rest)) {
    if (!services.has(key) || !isRecord(rest[key])) continue;
    result.push([`config/platform/${key.replaceAll('_', '-')}.toml`, rest[key]]);
    Reflect.deleteProperty(rest, key);
  }
  if (Object.keys(rest).length > 0) result.unshift(['config/provisioning.toml', rest]);
  return result;
}

function differing(value: Record<string, unknown>, defaults: unknown): Record<string, unknown> {
  let result: Record<string, unknown> = {};
  const walk = (current: unknown, at: readonly string[]): void => {
    if (isRecord(current)) for (const [key, item] of Object.entries(current)) walk(item, [...at, key]);
    else if (JSON.stringify(valueAt(defaults, at)) !== JSON.stringify(current))
      result = mergeData(result, nest(at, current));
  };
  walk(value, []);
  return result;
}

async function writeAll(
  outputs: ReadonlyMap<string, Record<string, unknown>>,
  target: string,
): Promise<void> {
  const scratch = `${target}.migrate-${process.pid}`;
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  try {
    const prepared: { readonly from: string; readonly to: string }[] = [];
    for (const [to, value] of outputs) {
      const present = await readFile(to, 'utf8').catch(() => undefined);
      const merged = present === undefined ? value : mergeData(value, parseDocument(present, to).value);
      const text = await textOf(merged, 'toml');
      parseDocument(text, to);
      const from = path.join(scratch, `${prepared.length}.toml`);
      await writeFile(from, text, { mode: 0o600 });
      prepared.push({ from, to });
    }
    for (const { from, to } of prepared) {
      await mkdir(path.dirname(to), { recursive: true, mode: 0o700 });
      await rename(from, to);
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function history(target: string): Promise<Set<string>> {
  return readFile(path.join(target, historyFile), 'utf8').then(
    (text) => new Set(JSON.parse(text) as string[]),
    () => new Set<string>(),
  );
}

async function record(target: string, digests: readonly string[]): Promise<void> {
  const file = path.join(target, historyFile);
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, JSON.stringify([...new Set(digests)]), { mode: 0o600 });
}

async function copyAside(source: string, now: Date): Promise<string> {
  const backup = `${source}.backup.${now.toISOString().slice(0, 10).replaceAll('-', '')}`;
  await cp(source, backup, { recursive: true, force: false, errorOnExist: false });
  return backup;
}

function leaves(value: unknown): number {
  return isRecord(value) ? Object.values(value).reduce<number>((sum, item) => sum + leaves(item), 0) : 1;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

async function there(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

/** The environment variable of a key (02 §5). */
export function variableNameOf(key: string): string {
  return `PROVISIONING_${key.replaceAll('.', '_').toUpperCase()}`;
}

/** `config diagnose <key>`: what a file says, what the environment says, and whether the two should meet. */
export function diagnoseKey(
  value: unknown,
  key: string,
  env: Readonly<Record<string, string | undefined>>,
): {
  readonly key: string;
  readonly toml_config: unknown;
  readonly env_config: string | null;
  readonly migration_needed: boolean;
} {
  const set = env[variableNameOf(key)];
  return {
    key,
    toml_config: value ?? null,
    env_config: set ?? null,
    migration_needed: set !== undefined && value === undefined,
  };
}
