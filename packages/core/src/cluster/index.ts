export { type ClusterSources, clusterNames, loadCluster } from './definition.ts';
export { componentLayers } from './order.ts';
export {
  type ClusterPlanOptions,
  type ClusterRemovalOptions,
  planCluster,
  planClusterRemoval,
} from './plan.ts';
export { type ClusterRecord, type ComponentRecord, readClusters, updateCluster } from './state.ts';
