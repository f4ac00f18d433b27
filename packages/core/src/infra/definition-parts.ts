import { stat } from 'node:fs/promises';
import path from 'node:path';
import { type Issue, ProvisioningError, Settings } from '@provisioning/extensions-sdk';
import type { Data, Document } from '../config/document.ts';
import { isRecord, mergeData } from '../config/merge.ts';
import { type ReadOptions, readDocument } from '../config/read.ts';
import { definitionFile, definitionFolder, splitBases } from './definition-files.ts';
import { type ServerEntry, collectServers } from './servers.ts';

/** One definition file and where its content goes: `servers.toml` may hold `[[servers]]` or the servers themselves. */
export interface Part {
  readonly document: Document;
  /** Key that the content stands for when the file does not name it. */
  readonly base?: string;
  /** Name below that key: `taskservs/redis.toml` is `taskservs.redis`. */
  readonly child?: string;
}

/** All files of a definition in merge order (05 §2.1.3). */
export async function readParts(
  folder: string,
  environment: string,
  settingsFile: string | undefined,
  reader: ReadOptions,
): Promise<Part[]> {
  const wanted: { file: string; base?: string; child?: string }[] = [];
  const add = (file: string | undefined, base?: string, child?: string): void => {
    if (file === undefined) return;
    wanted.push({ file, ...(base === undefined ? {} : { base }), ...(child === undefined ? {} : { child }) });
  };
  add(await definitionFile(folder, 'settings'));
  for (const base of splitBases) add(await definitionFile(folder, base), base);
  for (const [directory, base] of [
    ['task-servs', 'taskservs'],
    ['taskservs', 'taskservs'],
    ['clusters', 'clusters'],
  ] as const) {
    for (const { name, file } of await definitionFolder(path.join(folder, directory))) add(file, base, name);
  }
  add(await definitionFile(folder, `settings-${environment}`));
  if (settingsFile !== undefined) add(path.resolve(settingsFile));
  return Promise.all(
    wanted.map(async ({ file, ...rest }) => ({
      document: await requireDocument(file, { ...reader, list: true }),
      ...rest,
    })),
  );
}

export async function requireDocument(file: string, reader: ReadOptions): Promise<Document> {
  const document = await readDocument(file, reader);
  if (document !== undefined) return document;
  throw new ProvisioningError({
    code: 'CONFIG_FILE_NOT_FOUND',
    kind: 'configuration',
    message: `Configuration file not found: ${file}`,
    location: { file },
  });
}

/** Merges a part into the definition; its servers go to `entries`. */
export function addPart(definition: Data, part: Part, entries: ServerEntry[], issues: Issue[]): Data {
  const { document, base, child } = part;
  const value: unknown = document.value;
  const source = { document, path: [], value: document.value };
  if (base === 'servers' && (Array.isArray(value) || !Object.hasOwn(document.value, 'servers'))) {
    collectServers(value, source, entries, issues);
    return definition;
  }
  if (!isRecord(value)) {
    throw new ProvisioningError({
      code: 'CONFIG_SYNTAX',
      kind: 'configuration',
      message: `${document.file}: expected a table of keys at the top of the file, found a list`,
      location: { file: document.file },
    });
  }
  const { servers, ...rest } = contentOf(value, base, child);
  if (servers !== undefined) collectServers(servers, { ...source, path: ['servers'] }, entries, issues);
  return mergeData(definition, rest);
}

function contentOf(value: Data, base: string | undefined, child: string | undefined): Data {
  if (base === undefined) return settingsAtTop(value);
  if (child !== undefined) {
    const own = value[child];
    return { [base]: { [child]: isRecord(own) && Object.keys(value).length === 1 ? own : value } };
  }
  return Object.hasOwn(value, base) ? value : { [base]: value };
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
    const own = isRecord(settings['server_defaults']) ? settings['server_defaults'] : {};
    settings['server_defaults'] = mergeData({ provider: rest['provider'] }, own);
    delete rest['provider'];
  }
  return Object.keys(settings).length === 0 ? rest : { ...rest, settings };
}

/** `defs/<provider>_defaults.*`: defaults for servers of one provider. */
export async function providerDefinitions(folder: string, reader: ReadOptions): Promise<Map<string, Data>> {
  const found = new Map<string, Data>();
  for (const { name, file } of await definitionFolder(folder)) {
    const provider = /^(.+)_defaults$/.exec(name)?.[1];
    if (provider === undefined) continue;
    const { value } = await requireDocument(file, reader);
    found.set(provider, isRecord(value['server_defaults']) ? value['server_defaults'] : value);
  }
  return found;
}

/**
 * The folder of an infrastructure: a name below `infra/`, or a path.
 * @throws ProvisioningError `INFRA_NOT_FOUND` (exit 5)
 */
export async function infrastructureFolder(
  workspacePath: string,
  workspaceName: string,
  infra: string,
): Promise<string> {
  const asPath = infra.includes('/') || infra === '.' || infra === '..';
  const folder = asPath ? path.resolve(infra) : path.join(workspacePath, 'infra', infra);
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory() === true) return folder;
  throw new ProvisioningError({
    code: 'INFRA_NOT_FOUND',
    kind: 'not-found',
    message: `Infrastructure '${infra}' not found in workspace '${workspaceName}'`,
    hint: 'List them with: provisioning infra list',
  });
}
