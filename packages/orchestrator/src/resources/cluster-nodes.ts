import { loadCluster, planCluster, planClusterRemoval } from '@provisioning/core';
import { type OperationNode, ProvisioningError } from '@provisioning/extensions-sdk';
import type { OpenedInfrastructure } from './infrastructures.ts';

/** Operations on a cluster that there is an operation for (13 §4). */
export const clusterOperations = ['create', 'deploy', 'update', 'scale', 'delete'] as const;
export type ClusterOperation = (typeof clusterOperations)[number];

export interface ClusterWork {
  readonly operation: ClusterOperation;
  readonly cluster: string;
  readonly version?: string;
  readonly component?: string;
  readonly replicas?: number;
  readonly force?: boolean;
  readonly check_mode?: boolean;
}

/** The operations of a cluster workflow. @throws ProvisioningError `CLUSTER_UNKNOWN` (404) and those of `planCluster` */
export async function clusterNodes(
  { definition, project, context }: OpenedInfrastructure,
  { operation, cluster: name, version, component, replicas, force }: ClusterWork,
): Promise<readonly OperationNode[]> {
  const loaded = await loadCluster(name, { catalogue: project.extensions, infrastructure: definition });
  const cluster = version === undefined ? loaded : { ...loaded, version };
  if (operation === 'delete')
    return (await planClusterRemoval(context, definition, cluster, { force })).graph;
  if (operation !== 'scale') return (await planCluster(context, definition, cluster)).graph;
  if (component === undefined || replicas === undefined) {
    throw new ProvisioningError({
      code: 'VALIDATION_FAILED',
      kind: 'usage',
      message: 'A scale needs component and replicas',
      details: [
        { path: component === undefined ? '/component' : '/replicas', message: 'is needed to scale' },
      ],
    });
  }
  const scale = { [component]: replicas };
  const { graph } = await planCluster(context, definition, cluster, { scale });
  const target = graph.find(({ type, name: node }) => type === 'cluster.component' && node === component);
  const found = (target?.input as { parts: unknown[] } | undefined)?.parts.length ?? 0;
  if (found < replicas) {
    throw new ProvisioningError({
      code: 'CLUSTER_REQUIREMENTS',
      kind: 'usage',
      message: `Cluster requirements not met: ${component} needs ${replicas} servers, found ${found}`,
      hint: 'Add servers to the definition first.',
    });
  }
  return graph;
}
