import { type Cluster, ProvisioningError } from '@provisioning/extensions-sdk';
import { findCycle } from '../infra/clusters.ts';

/**
 * Clusters in the order they are deployed: each after those that its `dependencies` name (07 §10.4 `cluster deploy`).
 * @throws ProvisioningError `CLUSTER_UNKNOWN`, `CLUSTER_CYCLE`.
 */
export function deploymentOrder(clusters: readonly Cluster[]): Cluster[] {
  const byName = new Map(clusters.map((cluster) => [cluster.name, cluster]));
  const needs = new Map(clusters.map((cluster) => [cluster.name, dependenciesOf(cluster)]));
  for (const [name, dependencies] of needs) {
    const unknown = dependencies.find((dependency) => !byName.has(dependency));
    if (unknown === undefined) continue;
    throw new ProvisioningError({
      code: 'CLUSTER_UNKNOWN',
      kind: 'configuration',
      message: `Cluster '${name}' depends on unknown cluster '${unknown}'`,
      hint: `Defined clusters: ${[...byName.keys()].join(', ')}`,
    });
  }
  const cycle = findCycle(needs);
  if (cycle !== undefined) {
    throw new ProvisioningError({
      code: 'CLUSTER_CYCLE',
      kind: 'configuration',
      message: `Circular dependency detected between clusters: ${cycle.join(' → ')}`,
    });
  }
  const ordered = new Set<Cluster>();
  const visit = (cluster: Cluster): void => {
    for (const dependency of needs.get(cluster.name) ?? []) visit(byName.get(dependency)!);
    ordered.add(cluster);
  };
  for (const cluster of clusters) visit(cluster);
  return [...ordered];
}

function dependenciesOf(cluster: Cluster): string[] {
  const { dependencies } = cluster as { dependencies?: unknown };
  return Array.isArray(dependencies) ? dependencies.map(String) : [];
}
