import { string as argument } from '@oclif/core/args';
import { componentLayers } from '@provisioning/core';
import { openCluster } from '../../cluster/session.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class ClusterShow extends ProvisioningCommand {
  static override summary = 'Show the definition of a cluster and the order of its components';
  static override spec: CommandSpec = { access: '-' };
  static override examples = ['provisioning cluster show web'];
  static override args = { cluster: argument({ required: true, description: 'name of the cluster' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(ClusterShow);
    await using opened = await openCluster(this, args.cluster);
    const { cluster } = opened;
    const layers = componentLayers(cluster.components);
    const { resources } = cluster;
    await this.out.result(cluster, () => [
      `${this.out.style.strong(cluster.name)} ${cluster.version}${cluster.type === undefined ? '' : ` (${cluster.type})`}`,
      cluster.description,
      `Needs: ${resources.min_nodes} servers with ${resources.cpu_per_node} cores, ${resources.memory_per_node}`,
      'Order:',
      ...layers.map((layer, index) => `  ${index + 1}. ${layer.map(({ name }) => name).join(', ')}`),
    ]);
  }
}
