import { stat } from 'node:fs/promises';
import path from 'node:path';
import {
  type Issue,
  ProvisioningError,
  type Server,
  Settings,
  applyDefaults,
} from '@provisioning/extensions-sdk';
import type { Data, Document } from '../config/document.ts';
import { deepFreeze, isRecord, mergeData } from '../config/merge.ts';
import { readDocument } from '../config/read.ts';
import { definitionFile, definitionFolder, splitBases } from './definition-files.ts';
import type { Infrastructure } from './infrastructure.ts';
import { type ServerEntry, collectServers, resolveServers } from './servers.ts';
import { validateServers } from './validate-servers.ts';

export interface LoadInfrastructureOptions {
  readonly workspacePath: string;
  readonly workspaceName?: string;
  /** Name below `infra/`, or a path to a folder. */
  readonly infra: string;
  readonly environment?: string;
  /** `--settings`: merged last (05 §2.1.3). */
  readonly settingsFile?: string;
  /** Provider of servers that name none; `local` when absent. */
  readonly defaultProvider?: string;
  /** Defaults for servers that a provider extension ships. */
  readonly providerDefaults?: (provider: string) => Data;
}

/**
 * Loads the definition of an infrastructure in the order of 05 §2.1. Nothing is executed and nothing is changed.
 * @throws ProvisioningError `INFRA_NOT_FOUND` (exit 5), `DEFINITION_AMBIGUOUS`, `INFRA_INVALID` with every finding
 */
export async function loadInfrastructure(options: LoadInfrastructureOptions): Promise<Infrastructure> {
  const workspace = {
    name: options.workspaceName ?? path.basename(options.workspacePath),
    path: options.workspacePath,
  };
  const folder = await infrastructureFolder(options, workspace);
  const name = path.basename(folder);
  const issues: Issue[] = [];
  const entries: ServerEntry[] = [];
  let definition: Data = {};
  const first = await parts(folder, options.environment ?? 'local', options.settingsFile);
  for (const part of first) definition = addPart(definition, part, entries, issues);
  const environment = options.environment ?? textOf(definition['environment']) ?? 'local';
  const settings = settingsOf(definition, name);
  const defs = await providerDefinitions(path.resolve(folder, settings.defaults_provs_dirpath));
  const all = resolveServers(
    entries,
    {
      provider: (provider) => mergeData(options.providerDefaults?.(provider) ?? {}, defs.get(provider) ?? {}),
      common: settings.server_defaults,
      providerName: options.defaultProvider ?? 'local',
    },
    issues,
  );
  const resolved = all.filter(({ value }) => value['enabled'] !== false);
  validateServers(resolved, issues);
  if (issues.length > 0) throw invalid(name, issues);
  const known = [
    'settings',
    'servers',
    'taskservs',
    'clusters',
    'network',
    'storage',
    'providers',
    'auto_scaling',
    'regions',
    'environment',
  ];
  const extra = Object.fromEntries(Object.entries(definition).filter(([key]) => !known.includes(key)));
  return deepFreeze<Infrastructure>({
    ...extra,
    name,
    path: folder,
    workspace,
    environment,
    settings,
    servers: resolved.map((server) => server.value as Server),
    disabled: all
      .filter(({ value }) => value['enabled'] === false)
      .map(({ value }) => String(value['hostname'])),
    taskservs: recordOf(definition['taskservs']),
    clusters: recordOf(definition['clusters']),
    network: recordOf(definition['network']),
    storage: recordOf(definition['storage']),
    providers: recordOf(definition['providers']),
    auto_scaling: recordOf(definition['auto_scaling']),
    regions: recordOf(definition['regions']),
  });
}

/** One definition file and where its content goes: `servers.toml` may hold `[[servers]]` or the servers themselves. */
interface Part {
  readonly document: Document;
  /** Key that the content stands for when the file does not name it. */
  readonly base?: string;
  /** Name below that key: `taskservs/redis.toml` is `taskservs.redis`. */
  readonly child?: string;
}

async function parts(folder: string, environment: string, settingsFile: string | undefined): Promise<Part[]> {
  const found: Part[] = [];
  const add = async (file: string | undefined, base?: string, child?: string): Promise<void> => {
    if (file === undefined) return;
    const document = await readDefinition(file);
    found.push({
      document,
      ...(base === undefined ? {} : { base }),
      ...(child === undefined ? {} : { child }),
    });
  };
  await add(await definitionFile(folder, 'settings'));
  for (const base of splitBases) await add(await definitionFile(folder, base), base);
  for (const [directory, base] of [
    ['task-servs', 'taskservs'],
    ['taskservs', 'taskservs'],
    ['clusters', 'clusters'],
  ] as const) {
    for (const { name, file } of await definitionFolder(path.join(folder, directory)))
      await add(file, base, name);
  }
  await add(await definitionFile(folder, `settings-${environment}`));
  if (settingsFile !== undefined) await add(path.resolve(settingsFile));
  return found;
}

async function readDefinition(file: string): Promise<Document> {
  const document = await readDocument(file);
  if (document !== undefined) return document;
  throw new ProvisioningError({
    code: 'CONFIG_FILE_NOT_FOUND',
    kind: 'configuration',
    message: `Configuration file not found: ${file}`,
    location: { file },
  });
}

function addPart(definition: Data, part: Part, entries: ServerEntry[], issues: Issue[]): Data {
  const { document, base, child } = part;
  const within =
    base !== undefined && child === undefined && Object.hasOwn(document.value, base) ? undefined : base;
  if (within === 'servers') {
    collectServers(document.value, { document, path: [], value: document.value }, entries, issues);
    return definition;
  }
  let content: Data = document.value;
  if (within !== undefined && child !== undefined) {
    const inner = isRecord(content[child]) && Object.keys(content).length === 1 ? content[child] : content;
    content = { [within]: { [child]: inner } };
  } else if (within !== undefined) content = { [within]: content };
  else if (base === undefined) content = settingsAtTop(content);
  const { servers, ...rest } = content;
  if (servers !== undefined)
    collectServers(servers, { document, path: ['servers'], value: document.value }, entries, issues);
  return mergeData(definition, rest);
}

/** Settings may stand under `[settings]` or at the top; `name` and `provider` are the short spelling (05 §3). */
function settingsAtTop(content: Data): Data {
  const settings: Data = isRecord(content['settings']) ? { ...content['settings'] } : {};
  const rest: Data = { ...content };
  for (const field of Object.keys(Settings.properties)) {
    if (!Object.hasOwn(rest, field)) continue;
    settings[field] ??= rest[field];
    Reflect.deleteProperty(rest, field);
  }
  if (typeof rest['name'] === 'string') {
    settings['main_name'] ??= rest['name'];
    delete rest['name'];
  }
  if (typeof rest['provider'] === 'string') {
    settings['server_defaults'] = mergeData(
      { provider: rest['provider'] },
      recordOf(settings['server_defaults']),
    );
    delete rest['provider'];
  }
  return { ...rest, settings };
}

function settingsOf(definition: Data, name: string): Settings {
  const settings: Data = { main_name: name, ...recordOf(definition['settings']) };
  applyDefaults(Settings, settings);
  return settings as Settings;
}

/** `defs/<provider>_defaults.*`: defaults for servers of one provider. */
async function providerDefinitions(folder: string): Promise<Map<string, Data>> {
  const found = new Map<string, Data>();
  for (const { name, file } of await definitionFolder(folder)) {
    const provider = /^(.+)_defaults$/.exec(name)?.[1];
    if (provider === undefined) continue;
    const { value } = await readDefinition(file);
    found.set(provider, isRecord(value['server_defaults']) ? value['server_defaults'] : value);
  }
  return found;
}

async function infrastructureFolder(
  { infra, workspacePath }: LoadInfrastructureOptions,
  workspace: { readonly name: string },
): Promise<string> {
  const asPath = infra.includes('/') || infra === '.' || infra === '..';
  const folder = asPath ? path.resolve(infra) : path.join(workspacePath, 'infra', infra);
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory() === true) return folder;
  throw new ProvisioningError({
    code: 'INFRA_NOT_FOUND',
    kind: 'not-found',
    message: `Infrastructure '${infra}' not found in workspace '${workspace.name}'`,
    hint: 'List them with: provisioning infra list',
  });
}

function invalid(name: string, issues: readonly Issue[]): ProvisioningError {
  const [first] = issues as [Issue];
  const at = first.location;
  const place =
    at === undefined ? '' : `${at.file}${at.line === undefined ? '' : `:${at.line}:${at.column ?? 1}`}: `;
  return new ProvisioningError({
    code: issues.length === 1 ? (first.code ?? 'INFRA_INVALID') : 'INFRA_INVALID',
    kind: 'configuration',
    message:
      issues.length === 1
        ? `${place}${first.message}`
        : `Infrastructure '${name}' has ${issues.length} errors`,
    ...(at === undefined ? {} : { location: at }),
    issues,
  });
}

function recordOf(value: unknown): Record<string, Data> {
  return isRecord(value) ? (value as Record<string, Data>) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
