export { type ClusterScaling, clusterScaling, scalesOnKubernetes } from './auto-scaling.ts';
export { canaryOf, mainOfName } from './canary.ts';
export { planCanaryWeight, planClusterRollback, planPromotion } from './changeover.ts';
export { type ClusterSources, clusterNames, loadCluster } from './definition.ts';
export { deploymentOrder } from './deployment-order.ts';
export { type ClusterLogOptions, clusterLogs } from './logs.ts';
export { componentLayers } from './order.ts';
export {
  type ClusterPlanOptions,
  type ClusterRemovalOptions,
  inSequence,
  planCluster,
  planClusterRemoval,
} from './plan.ts';
export { storeCluster } from './store.ts';
export { type ClusterRecord, type ComponentRecord, readClusters, updateCluster } from '../state/clusters.ts';
