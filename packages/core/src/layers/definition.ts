import { readdir } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { Data } from '../config/document.ts';
import { deepFreeze, isRecord, mergeData, nest } from '../config/merge.ts';
import type { ExtensionKind } from '../extensions/kinds.ts';
import { completeCluster, writtenCluster } from '../infra/clusters.ts';
import type { Infrastructure } from '../infra/index.ts';
import { placesOf, rememberPlaces } from '../config/places.ts';
import { readApplied } from '../templates/applied.ts';
import { type LayerPlaces, collectSources } from './collect.ts';
import { type LeafProvenance, mergeSources } from '../sources/provenance.ts';

/**
 * The definition with what the workspace's templates and the infrastructure's `overrides/` say about its taskservs
 * and clusters (08 §6.2): templates, then what its own files import, beneath the infrastructure's own values, overrides
 * above them. Where there is none of it, the same definition.
 */
export async function withLayers(
  infrastructure: Infrastructure,
  places: LayerPlaces,
): Promise<Infrastructure> {
  if (!(await hasLayers(infrastructure, places))) return infrastructure;
  const names = new Set([
    ...Object.keys(infrastructure.taskservs),
    ...infrastructure.servers.flatMap(({ taskservs }) => taskservs.map(({ name }) => name)),
    ...(await appliedTargets(places, 'taskserv')),
  ]);
  const taskservs: Record<string, Data> = { ...infrastructure.taskservs };
  const overrides = join(infrastructure.path, 'overrides') + sep;
  for (const name of names) {
    const sources = (await collectSources(places, 'taskserv', name)).filter(({ layer }) => layer !== 'core');
    if (sources.length === 0) continue;
    const below = recordOf(
      mergeSources(sources.filter(({ layer, imported }) => layer === 'workspace' || imported)).provenance,
    );
    const above = sources.filter(({ file }) => file.startsWith(overrides)).map(({ value }) => value);
    const { imports: _read, ...own } = isRecord(taskservs[name]) ? taskservs[name] : {};
    taskservs[name] = [own, ...above].reduce<Data>((lower, higher) => mergeData(lower, higher), below);
  }
  const clusters: Record<string, Data> = { ...infrastructure.clusters };
  for (const name of await layeredClusters(places)) {
    const { below } = await layersAround(places, 'cluster', name);
    const own = clusters[name];
    const written = own === undefined ? {} : writtenCluster(own);
    if (Object.keys(below).length > 0) clusters[name] = completeCluster(name, mergeData(below, written));
  }
  const layered = deepFreeze({ ...infrastructure, taskservs, clusters });
  rememberPlaces(layered, placesOf(infrastructure));
  return layered;
}

/** What stands around a value of the configuration: templates beneath it, the infrastructure's own files above. */
export interface AroundLayers {
  readonly below: Data;
  readonly above: Data;
}

/** What templates and the infrastructure say of a module beside its package and the configuration (08 §6.2). */
export async function layersAround(
  places: LayerPlaces,
  kind: ExtensionKind,
  name: string,
): Promise<AroundLayers> {
  const sources = (await collectSources(places, kind, name)).filter(({ layer }) => layer !== 'core');
  const merged = (layer: string): Data =>
    recordOf(mergeSources(sources.filter((source) => source.layer === layer)).provenance);
  return { below: merged('workspace'), above: merged('infrastructure') };
}

/** Clusters that applied templates or files of the organisation speak of. */
async function layeredClusters(places: LayerPlaces): Promise<readonly string[]> {
  const { workspacePath, infra } = places;
  if (workspacePath === undefined || infra === undefined) return [];
  const names = new Set(await appliedTargets(places, 'cluster'));
  const files = await readdir(join(workspacePath, 'templates', 'clusters')).catch((): string[] => []);
  for (const file of files) if (/\.(toml|ya?ml|ts|ncl)$/.test(file)) names.add(file.replace(/\.[^.]+$/, ''));
  return [...names];
}

/** Whether anything but the definition itself speaks of its taskservs. */
async function hasLayers(
  infrastructure: Infrastructure,
  { workspacePath, templatePaths = [] }: LayerPlaces,
): Promise<boolean> {
  const folders = [
    join(infrastructure.path, 'overrides'),
    ...(workspacePath === undefined ? [] : [join(workspacePath, 'templates', 'taskservs')]),
    ...templatePaths.map(({ path }) => path),
  ];
  if (Object.values(infrastructure.taskservs).some((own) => isRecord(own) && own['imports'] !== undefined))
    return true;
  const [applied, ...found] = await Promise.all([
    readdir(join(infrastructure.path, '.manifest')).catch((): string[] => []),
    ...folders.map((folder) => readdir(folder).catch((): string[] => [])),
  ]);
  return applied.includes('templates.yaml') || found.some((names) => names.length > 0);
}

function recordOf(leaves: readonly LeafProvenance[]): Data {
  return leaves.reduce<Data>(
    (record, { path, value }) => mergeData(record, nest(path.split('.'), value)),
    {},
  );
}

/** Modules of a kind that the applied templates contribute to, named in the definition or not. */
async function appliedTargets(
  { workspacePath, infra, templates }: LayerPlaces,
  kind: ExtensionKind,
): Promise<readonly string[]> {
  if (workspacePath === undefined || infra === undefined) return [];
  const found: string[] = [];
  for (const { name } of await readApplied(join(workspacePath, 'infra', infra))) {
    const template = await templates.find(name);
    for (const target of template?.metadata.template.targets ?? [])
      if (target.startsWith(`${kind}:`)) found.push(target.slice(kind.length + 1));
  }
  return found;
}
