import ClusterList from '../cluster/list.ts';

export default class ListClusters extends ClusterList {
  static override summary = 'Clusters, and which are deployed';
  static override examples = ['provisioning list clusters', 'provisioning list clusters --out json'];
}
