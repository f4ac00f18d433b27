import { join } from 'node:path';
import { type Cluster, ProvisioningError } from '@provisioning/extensions-sdk';
import type { Data } from '../config/document.ts';
import { isRecord, mergeData } from '../config/merge.ts';
import type { ExtensionRecord } from '../extensions/record.ts';
import type { ConfigSchema } from '../extensions/schema.ts';
import { completeCluster, writtenCluster } from '../infra/clusters.ts';
import type { Infrastructure } from '../infra/index.ts';
import { configIssues, invalidConfig } from '../layers/validate.ts';
import { readSource } from '../sources/read-source.ts';
import { readClusterFile } from '../templates/cluster-file.ts';
import { canaryDefinition, mainOfName } from './canary.ts';

type ClusterExtension = Pick<ExtensionRecord, 'name' | 'path' | 'version' | 'manifest'>;

export interface ClusterSources {
  /** Where clusters of extensions are found. */
  readonly catalogue: {
    find(kind: 'cluster', name: string): Promise<ClusterExtension | undefined>;
    list(kind: 'cluster'): Promise<readonly { readonly name: string }[]>;
  };
  readonly infrastructure: Pick<Infrastructure, 'clusters'> & Partial<Pick<Infrastructure, 'path'>>;
  /** `--config FILE`, merged last but for `secrets`. */
  readonly configFile?: string;
  /** Decrypted values, merged over everything. */
  readonly secrets?: Data;
  /** False: settings that a package needs may be missing, as in a list of all there are. */
  readonly checkSettings?: boolean;
}

/**
 * The definition of a cluster: the extension's `cluster.yaml`, the infrastructure's own over it, what a promotion
 * decided, `--config` on top (07 §10.2.1). Components merge by name. `<name>-canary` without a definition of its own is a
 * canary of `<name>`.
 * @throws ProvisioningError `CLUSTER_UNKNOWN` with the list, exit 5.
 */
export async function loadCluster(name: string, sources: ClusterSources): Promise<Cluster> {
  const record = await sources.catalogue.find('cluster', name);
  const own = sources.infrastructure.clusters[record?.name ?? name] ?? sources.infrastructure.clusters[name];
  const main = mainOfName(name);
  if (record === undefined && own === undefined && main !== undefined) {
    const { configFile: _file, secrets: _secrets, ...above } = sources;
    const canary = canaryDefinition(await loadCluster(main, above), name);
    const tried = [await configOf(sources), sources.secrets].filter(isRecord);
    const { components, ...rest } = tried.reduce(mergeCluster, canary as Data);
    // A configuration for the main cluster may name components that a canary does not have.
    const own = (components as Data[]).filter((component) =>
      canary.components.some((one) => one.name === component['name']),
    );
    return completeCluster(name, { ...rest, name, components: own }) as Cluster;
  }
  const file = await configOf(sources);
  const override = await overrideOf(record?.name ?? name, sources);
  if (record === undefined && own === undefined && file === undefined) {
    const known = await clusterNames(sources);
    throw new ProvisioningError({
      code: 'CLUSTER_UNKNOWN',
      kind: 'not-found',
      message: `Unknown cluster: ${name}`,
      hint: `Clusters: ${known.join(', ') || 'none'}`,
      details: { available: known },
    });
  }
  const above = [own === undefined ? undefined : writtenCluster(own), override, file, sources.secrets].filter(
    isRecord,
  );
  if (record === undefined) return completeCluster(name, above.reduce(mergeCluster, {})) as Cluster;
  const { definition, settings } = await packageDefinition(
    record,
    above.reduce(mergeCluster, {}),
    sources.checkSettings !== false,
  );
  // What the package made components of is no part of the cluster itself, and may be secret.
  const rest = above.map((part) =>
    Object.fromEntries(Object.entries(part).filter(([key]) => !settings.includes(key))),
  );
  const merged = [definition, ...rest].reduce(mergeCluster, {});
  return completeCluster(record.name, merged) as Cluster;
}

async function configOf({ configFile }: ClusterSources): Promise<unknown> {
  return configFile === undefined ? undefined : (await readSource(configFile))?.value;
}

async function overrideOf(name: string, { infrastructure }: ClusterSources): Promise<unknown> {
  if (infrastructure.path === undefined) return undefined;
  return (await readSource(join(infrastructure.path, 'overrides', 'clusters', `${name}.yaml`)))?.value;
}

/** Names of all clusters there are: the definition's and those of extensions. */
export async function clusterNames({ catalogue, infrastructure }: ClusterSources): Promise<string[]> {
  const names = new Set(Object.keys(infrastructure.clusters));
  for (const record of await catalogue.list('cluster')) names.add(record.name);
  return [...names].sort();
}

async function packageDefinition(
  record: ClusterExtension,
  settings: Data,
  check: boolean,
): Promise<NonNullable<Awaited<ReturnType<typeof readClusterFile>>>> {
  const refuse = async (config: Data, schema: ConfigSchema): Promise<void> => {
    const issues = await configIssues(record.name, config, schema, [], undefined);
    if (issues.length > 0) throw invalidConfig(issues);
  };
  const written = await readClusterFile(record.path, settings, check ? refuse : undefined);
  if (written !== undefined) return written;
  const { components, resources, features, network } = record.manifest as Data;
  return {
    definition: { components, resources, features, network, version: record.version },
    settings: [],
  };
}

/** Later wins; components are matched by name, new ones are added at the end. */
function mergeCluster(lower: Data, higher: Data): Data {
  const { components, ...rest } = higher;
  const merged = mergeData(lower, rest);
  if (!Array.isArray(components)) return merged;
  const byName = new Map<string, Data>();
  for (const component of [...((lower['components'] ?? []) as Data[]), ...(components as Data[])]) {
    const name = String(component['name']);
    byName.set(name, mergeData(byName.get(name) ?? {}, component));
  }
  return { ...merged, components: [...byName.values()] };
}
