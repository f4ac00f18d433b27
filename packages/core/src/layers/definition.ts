import { readdir } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { Data } from '../config/document.ts';
import { deepFreeze, isRecord, mergeData, nest } from '../config/merge.ts';
import type { Infrastructure } from '../infra/index.ts';
import { type LayerPlaces, collectSources } from './collect.ts';
import { type LeafProvenance, mergeSources } from './provenance.ts';

/**
 * The definition with what the workspace's templates and the infrastructure's `overrides/` say about its taskservs
 * (08 §6.2): templates beneath the infrastructure's own values, overrides above them. Where there are neither, the same
 * definition.
 */
export async function withLayers(
  infrastructure: Infrastructure,
  places: LayerPlaces,
): Promise<Infrastructure> {
  if (!(await hasLayers(infrastructure, places))) return infrastructure;
  const names = new Set([
    ...Object.keys(infrastructure.taskservs),
    ...infrastructure.servers.flatMap(({ taskservs }) => taskservs.map(({ name }) => name)),
  ]);
  const taskservs: Record<string, Data> = { ...infrastructure.taskservs };
  const overrides = join(infrastructure.path, 'overrides') + sep;
  for (const name of names) {
    const sources = (await collectSources(places, 'taskserv', name)).filter(({ layer }) => layer !== 'core');
    if (sources.length === 0) continue;
    const { provenance } = mergeSources(sources);
    const below = recordOf(provenance.filter(({ layer }) => layer === 'workspace'));
    const above = sources.filter(({ file }) => file.startsWith(overrides)).map(({ value }) => value);
    const own = taskservs[name];
    taskservs[name] = [isRecord(own) ? own : {}, ...above].reduce<Data>(
      (lower, higher) => mergeData(lower, higher),
      below,
    );
  }
  return deepFreeze({ ...infrastructure, taskservs });
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
