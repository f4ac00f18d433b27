import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Data, type Document, evaluatedDocument } from '../config/document.ts';
import { isRecord } from '../config/merge.ts';
import type { ExtensionCatalogue } from '../extensions/discover.ts';
import { type ExtensionKind, kindFolder } from '../extensions/kinds.ts';
import { configSchema } from '../extensions/schema.ts';
import { definitionFile, splitBases } from '../infra/definition-files.ts';
import { readApplied } from '../templates/applied.ts';
import type { TemplateCatalogue } from '../templates/catalogue.ts';
import { templateSources } from '../templates/contribution.ts';
import { type Evaluation, readSource } from '../sources/read-source.ts';
import {
  type LayerSource,
  type SourceReading,
  candidateFiles,
  documentSources,
  fileSources,
} from '../sources/source.ts';

export interface LayerPlaces {
  readonly catalogue: ExtensionCatalogue;
  readonly templates: TemplateCatalogue;
  readonly workspacePath?: string;
  readonly infra?: string;
  readonly environment?: string;
  /** Surroundings of definitions in TypeScript and Nickel. */
  readonly evaluation?: Evaluation;
  /** Template roots of the workspace's own, between 101 and 299 (S:13929-13930). */
  readonly templatePaths?: readonly { readonly path: string; readonly priority: number }[];
}

/** Values of flags and `--config FILE`: the highest layer. */
export interface RuntimeLayer {
  readonly file?: string;
  readonly values?: Data;
}

/** Every source that contributes to a module, lowest first (08 §6.2). */
export async function collectSources(
  places: LayerPlaces,
  kind: ExtensionKind,
  name: string,
  runtime: RuntimeLayer = {},
): Promise<LayerSource[]> {
  const reading = sourceReading(places);
  const sources = [
    ...(await coreSources(places, kind, name, reading)),
    ...(await workspaceSources(places, kind, name, reading)),
    ...(await infraSources(places, kind, name, reading)),
  ];
  if (runtime.file !== undefined)
    sources.push(...(await fileSources(runtime.file, name, { layer: 'runtime' }, reading)));
  if (runtime.values !== undefined) {
    const document = evaluatedDocument('command line', 'json', runtime.values);
    sources.push(...(await documentSources(document, name, { layer: 'runtime' }, reading)));
  }
  // A stable sort keeps the order within a layer.
  return sources.sort((a, b) => a.priority - b.priority);
}

/** How the files of these places are read. */
export function sourceReading({ templates, evaluation, workspacePath, infra }: LayerPlaces): SourceReading {
  const own = workspacePath === undefined || infra === undefined ? [] : [join(workspacePath, 'infra', infra)];
  return { importRoots: [...own, ...templates.roots.map(({ path }) => path)], evaluation };
}

/** Files that could contribute directly, there or not: what a cache must watch besides the sources themselves. */
export async function watchedFolders(places: LayerPlaces, kind: ExtensionKind): Promise<string[]> {
  const { workspacePath, infra } = places;
  const folder = kindFolder(kind);
  const infraPath =
    workspacePath === undefined || infra === undefined ? undefined : join(workspacePath, 'infra', infra);
  return [
    ...(workspacePath === undefined ? [] : [join(workspacePath, 'templates', folder)]),
    ...(places.templatePaths ?? []).map(({ path }) => path),
    ...(infraPath === undefined
      ? []
      : [infraPath, join(infraPath, folder), join(infraPath, 'overrides'), join(infraPath, '.manifest')]),
  ];
}

async function coreSources(
  { catalogue }: LayerPlaces,
  kind: ExtensionKind,
  name: string,
  reading: SourceReading,
): Promise<LayerSource[]> {
  const record = await catalogue.find(kind, name);
  if (record === undefined) return [];
  const sources: LayerSource[] = [];
  const schema = await configSchema(record.path);
  if (schema !== undefined) {
    const { defaultsOf } = await import('@provisioning/extensions-sdk');
    const file = join(record.path, 'schema', 'config.json');
    const source = await readSource(file, reading.evaluation);
    sources.push({
      layer: 'core',
      priority: 100,
      file: source === undefined ? join(record.path, 'schema', 'config.ts') : file,
      value: defaultsOf(schema as never),
      locate: (path) =>
        source?.locate([...path.flatMap((key) => ['properties', key]), 'default']) ?? { file: record.path },
    });
  }
  // A provider ships what its servers are beneath everything else (05 §2.1.5); it may have no schema of its own file.
  const { defaults } = record.manifest;
  if (kind === 'provider' && isRecord(defaults)) {
    const source = await readSource(record.manifestFile, reading.evaluation);
    sources.push({
      ...{ layer: 'core', priority: 100, file: record.manifestFile, value: { defaults } },
      locate: (path) => source?.locate(path) ?? { file: record.manifestFile },
    });
  }
  for (const base of ['config', 'default/defs']) {
    for (const file of candidateFiles(join(record.path, base))) {
      sources.push(...(await fileSources(file, name, { layer: 'core' }, reading)));
    }
  }
  return sources;
}

async function workspaceSources(
  places: LayerPlaces,
  kind: ExtensionKind,
  name: string,
  reading: SourceReading,
): Promise<LayerSource[]> {
  const { workspacePath, infra, templates } = places;
  if (workspacePath === undefined) return [];
  const sources: LayerSource[] = [];
  for (const { path, priority } of places.templatePaths ?? []) {
    for (const file of await organisationFiles(path, name)) {
      sources.push(...(await fileSources(file, name, { layer: 'workspace', priority }, reading)));
    }
  }
  for (const file of await organisationFiles(join(workspacePath, 'templates', kindFolder(kind)), name)) {
    sources.push(...(await fileSources(file, name, { layer: 'workspace' }, reading)));
  }
  if (infra === undefined) return sources;
  for (const applied of await readApplied(join(workspacePath, 'infra', infra))) {
    const template = await templates.find(applied.name);
    if (template === undefined) continue;
    sources.push(...(await templateSources(templates, template, kind, name, applied.variables, reading)));
  }
  return sources;
}

/** `<folder>/<name>.*` and `<folder>/<category>/<name>.*`; two formats of one name are an error. */
async function organisationFiles(folder: string, name: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const folders = [
    folder,
    ...entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name)),
  ];
  const files = await Promise.all(folders.map((path) => definitionFile(path, name)));
  return files.filter((file) => file !== undefined);
}

async function infraSources(
  { workspacePath, infra, environment }: LayerPlaces,
  kind: ExtensionKind,
  name: string,
  reading: SourceReading,
): Promise<LayerSource[]> {
  if (workspacePath === undefined || infra === undefined) return [];
  const base = join(workspacePath, 'infra', infra);
  const folder = kindFolder(kind);
  const layer = 'infrastructure';
  const sources: LayerSource[] = [];
  const add = async (file: string | undefined, within?: readonly string[]): Promise<void> => {
    if (file === undefined) return;
    const document = await readSource(file, reading.evaluation);
    if (document === undefined) return;
    if (within !== undefined && !hasRecord(document, within)) return;
    sources.push(...(await documentSources(document, name, { layer, within }, reading)));
  };
  for (const directory of kind === 'taskserv' ? ['task-servs', folder] : [folder]) {
    await add(await definitionFile(join(base, directory), name));
  }
  for (const main of [
    'settings',
    ...splitBases,
    ...(environment === undefined ? [] : [`settings-${environment}`]),
  ]) {
    const file = await definitionFile(base, main);
    await add(file, [folder, name]);
    if (main === folder) await add(file, [name]);
  }
  await add(await definitionFile(join(base, 'overrides'), name));
  return sources;
}

function hasRecord(document: Document, within: readonly string[]): boolean {
  let value: unknown = document.value;
  for (const key of within) {
    if (!isRecord(value) || !Object.hasOwn(value, key)) return false;
    value = value[key];
  }
  return isRecord(value);
}
