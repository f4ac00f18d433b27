import { join } from 'node:path';
import { readApplied } from '../templates/applied.ts';
import { LayerResolver } from './resolve.ts';
import { infrastructuresOf, layerOverview } from './overview.ts';
import { readCounters } from './statistics.ts';

/** What `layer stats` prints (S:57177-57196). */
export interface LayerStatistics {
  readonly infrastructure: {
    readonly projects: number;
    readonly total_files: number;
    readonly average_overrides: number;
  };
  readonly workspace: {
    readonly templates: number;
    readonly most_used?: { readonly name: string; readonly projects: number };
    readonly custom_templates: number;
  };
  readonly core: { readonly taskservs: number; readonly providers: number; readonly clusters: number };
  readonly performance: {
    readonly average_ms: number;
    readonly hit_rate: number;
    readonly resolutions: number;
  };
}

/** Counts over the whole workspace. */
export async function layerStatistics(resolver: LayerResolver): Promise<LayerStatistics> {
  const { places } = resolver;
  const { workspacePath, catalogue, templates } = places;
  const infras = workspacePath === undefined ? [] : await infrastructuresOf(workspacePath);
  const uses = new Map<string, number>();
  let files = 0;
  let overrides = 0;
  for (const infra of infras) {
    const own = new LayerResolver({ ...places, infra });
    const { layers } = await layerOverview(own);
    const infrastructure = layers.find(({ layer }) => layer === 'infrastructure')?.files ?? [];
    files += infrastructure.length;
    overrides += infrastructure.filter(({ mark }) => mark === 'overrides').length;
    for (const { name } of await readApplied(join(workspacePath!, 'infra', infra))) {
      uses.set(name, (uses.get(name) ?? 0) + 1);
    }
  }
  const listed = await templates.list();
  const [most] = [...uses].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
  const counters = workspacePath === undefined ? undefined : await readCounters(workspacePath);
  const total = counters?.resolutions ?? 0;
  const core = async (kind: 'taskserv' | 'provider' | 'cluster'): Promise<number> =>
    (await catalogue.list(kind)).filter(({ layer }) => layer === 'core').length;
  return {
    infrastructure: {
      projects: infras.length,
      total_files: files,
      average_overrides: infras.length === 0 ? 0 : Math.round(overrides / infras.length),
    },
    workspace: {
      templates: listed.length,
      ...(most === undefined ? {} : { most_used: { name: most[0], projects: most[1] } }),
      custom_templates: listed.filter(({ source }) => source === 'workspace').length,
    },
    core: {
      taskservs: await core('taskserv'),
      providers: await core('provider'),
      clusters: await core('cluster'),
    },
    performance: {
      average_ms: total === 0 ? 0 : Math.round(((counters?.time_ms ?? 0) / total) * 10) / 10,
      hit_rate: total === 0 ? 0 : (counters?.hits ?? 0) / total,
      resolutions: total,
    },
  };
}
