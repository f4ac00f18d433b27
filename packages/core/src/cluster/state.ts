import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '@provisioning/extensions-sdk';
import { withFileLock, writeFileAtomic } from '../files/atomic.ts';
import { infraPath } from '../project/paths.ts';

/** What was last known of one component (07 §10.2). */
export interface ComponentRecord {
  readonly component: string;
  readonly status: 'deployed' | 'failed';
  readonly servers: readonly string[];
  readonly deployed_at: string;
  readonly error?: string;
}

/** A cluster that was created here. */
export interface ClusterRecord {
  readonly cluster: string;
  readonly version: string;
  readonly components: readonly ComponentRecord[];
  readonly created_at: string;
  /** Wished servers of a component, set by `cluster scale`. */
  readonly scale?: Readonly<Record<string, number>>;
}

type Place = Pick<Context, 'workspace' | 'infra'>;

function stateFile(place: Place): string {
  return join(infraPath(place), 'data', 'clusters.json');
}

/** Clusters of an infrastructure by name. */
export async function readClusters(place: Place): Promise<Readonly<Record<string, ClusterRecord>>> {
  const text = await readFile(stateFile(place), 'utf8').catch(() => '{}');
  try {
    return JSON.parse(text) as Record<string, ClusterRecord>;
  } catch {
    return {};
  }
}

/** Changes the record of one cluster under the lock; nothing returned removes it. */
export async function updateCluster(
  place: Place,
  cluster: string,
  change: (record: ClusterRecord | undefined) => ClusterRecord | undefined,
): Promise<void> {
  const file = stateFile(place);
  await withFileLock(file, async () => {
    const { [cluster]: before, ...others } = await readClusters(place);
    const after = change(before);
    const clusters = after === undefined ? others : { ...others, [cluster]: after };
    await writeFileAtomic(file, `${JSON.stringify(clusters, null, 2)}\n`);
  });
}

/** Records how a component stands. */
export function recordComponent(
  place: Place,
  cluster: string,
  version: string,
  record: ComponentRecord,
): Promise<void> {
  return updateCluster(place, cluster, (before) => ({
    cluster,
    version,
    created_at: before?.created_at ?? record.deployed_at,
    ...(before?.scale === undefined ? {} : { scale: before.scale }),
    components: [
      ...(before?.components ?? []).filter(({ component }) => component !== record.component),
      record,
    ],
  }));
}

/** Forgets a component, and the cluster with its last one. */
export function forgetComponent(place: Place, cluster: string, component: string): Promise<void> {
  return updateCluster(place, cluster, (before) => {
    if (before === undefined) return undefined;
    const components = before.components.filter((record) => record.component !== component);
    return components.length === 0 ? undefined : { ...before, components };
  });
}
