import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '@provisioning/extensions-sdk';
import { withFileLock, writeFileAtomic } from '../files/atomic.ts';
import { canonicalJson } from '../files/canonical-json.ts';
import { byName } from './by-name.ts';
import { infraPath } from './paths.ts';

/** What was last known of one component (07 §10.2). */
export interface ComponentRecord {
  readonly component: string;
  /** What its parts are: taskserv, server, resource, container or kubernetes. */
  readonly type?: string;
  /** The taskserv behind it. */
  readonly service?: string;
  readonly status: 'deployed' | 'failed';
  /** Hostnames, or names of resources. */
  readonly servers: readonly string[];
  readonly deployed_at: string;
  readonly error?: string;
}

/** A definition that was deployed once; secrets are not kept, they come from the current one. */
export interface DeployedDefinition {
  readonly version: string;
  readonly definition: Readonly<Record<string, unknown>>;
  readonly at: string;
}

/** A cluster that was created here. */
export interface ClusterRecord {
  readonly cluster: string;
  readonly version: string;
  readonly components: readonly ComponentRecord[];
  readonly created_at: string;
  /** Wished servers of a component, set by `cluster scale`. */
  readonly scale?: Readonly<Record<string, number>>;
  /** Bounds between which a component scales by itself, set by `cluster scale --auto-scale`. */
  readonly auto_scaling?: { readonly component: string; readonly min: number; readonly max: number };
  /** When it last scaled by itself, to what number, and the workflow that does it. Times in ISO 8601. */
  readonly scaling?: {
    readonly last_up?: string;
    readonly last_change?: string;
    readonly wanted?: number;
    readonly workflow?: string;
  };
  /** What is deployed now. */
  readonly deployed?: DeployedDefinition;
  /** What was deployed before, newest first; the last three are kept. */
  readonly history?: readonly DeployedDefinition[];
  /** The cluster this one tries a new version of. */
  readonly canary_of?: string;
  /** Share of the traffic of a canary, 0 to 100. */
  readonly weight?: number;
}

/** Definitions to go back to. */
const historyLength = 3;

type Place = Pick<Context, 'workspace' | 'infra'>;

function stateFile(place: Place): string {
  return join(infraPath(place), 'data', 'clusters.json');
}

/** Where promotions leave what they decided; the cluster's definition reads it. */
export function overrideFolder(place: Place): string {
  return join(infraPath(place), 'overrides', 'clusters');
}

/** Clusters of an infrastructure by name. */
export async function readClusters(place: Place): Promise<Readonly<Record<string, ClusterRecord>>> {
  const text = await readFile(stateFile(place), 'utf8').catch(() => '{}');
  try {
    return byName(JSON.parse(text) as Record<string, ClusterRecord>);
  } catch {
    return byName();
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
    ...before,
    cluster,
    version: before?.version ?? version,
    created_at: before?.created_at ?? record.deployed_at,
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

/** The record after a definition was deployed as a whole; the one before it becomes history when it was another. */
export function recordDefinition(
  before: ClusterRecord | undefined,
  done: {
    readonly cluster: string;
    readonly version: string;
    readonly definition: Readonly<Record<string, unknown>>;
    readonly scale: Readonly<Record<string, number>>;
    readonly canary_of?: string;
    readonly rollback?: boolean;
  },
  at: string,
): ClusterRecord {
  const { cluster, version, definition, scale, canary_of: canaryOf } = done;
  const deployed = { version, definition, at };
  const text = canonicalJson(definition);
  const same = before?.deployed !== undefined && canonicalJson(before.deployed.definition) === text;
  const old = before?.deployed;
  const earlier = before?.history ?? [];
  // Going back takes the definition, and what came after it, out of the history: the next one goes further back.
  const found = earlier.findIndex((one) => canonicalJson(one.definition) === text);
  const history =
    done.rollback === true
      ? earlier.slice(found + 1)
      : [...(same || old === undefined ? [] : [old]), ...earlier];
  return {
    created_at: at,
    components: [],
    ...before,
    cluster,
    version,
    scale,
    deployed: same ? before!.deployed! : deployed,
    history: history.slice(0, historyLength),
    ...(canaryOf === undefined ? {} : { canary_of: canaryOf }),
  };
}
