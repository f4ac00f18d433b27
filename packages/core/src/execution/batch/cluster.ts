import { type Context, type OperationNode, ProvisioningError } from '@provisioning/extensions-sdk';
import { Type } from 'typebox';
import { type ClusterSources, loadCluster } from '../../cluster/definition.ts';
import { planCluster, planClusterRemoval } from '../../cluster/plan.ts';
import { readManifest } from '../../extensions/manifest.ts';
import type { BatchKind } from './batch.ts';
import { definitionOf } from './definition.ts';

/** Input of `cluster_batch` (12 §3): names of clusters of the infrastructure or of extensions. */
export const ClusterBatchInput = Type.Object({
  clusters: Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }),
  action: Type.Optional(
    Type.Union([
      Type.Literal('create'),
      Type.Literal('delete'),
      Type.Literal('update'),
      Type.Literal('deploy'),
    ]),
  ),
  force: Type.Optional(Type.Boolean()),
  cleanup_data: Type.Optional(Type.Boolean()),
});

/** Clusters as one operation, each with its components in the order of their dependencies. */
export const clusterBatch: BatchKind<typeof ClusterBatchInput> = {
  type: 'cluster.batch',
  input: ClusterBatchInput,

  async members(context, { clusters, action = 'create', force, cleanup_data: cleanupData }) {
    const infrastructure = await definitionOf(context);
    const graphs: (readonly OperationNode[])[] = [];
    for (const name of clusters) {
      const cluster = await loadCluster(name, { catalogue: catalogueOf(context), infrastructure });
      const plan =
        action === 'delete'
          ? await planClusterRemoval(context, infrastructure, cluster, { force, cleanupData })
          : await planCluster(context, infrastructure, cluster);
      graphs.push(plan.graph);
    }
    return graphs.flat();
  },

  foresee: ({ clusters, action = 'create' }) =>
    clusters.map((name) => ({ action: action === 'deploy' ? 'create' : action, kind: 'cluster', name })),

  resources: ({ clusters }) => clusters.map((name) => `cluster/${name}`),
};

/** Clusters of extensions, as far as an operation can see them. */
function catalogueOf(context: Context): ClusterSources['catalogue'] {
  return {
    async find(kind, name) {
      try {
        const path = await context.extension(kind, name);
        const { manifest } = await readManifest(path);
        return { name: manifest.name, path, version: manifest.version, manifest };
      } catch (error) {
        if (ProvisioningError.from(error).kind === 'not-found') return undefined;
        throw error;
      }
    },
    list: () => Promise.resolve([]),
  };
}
