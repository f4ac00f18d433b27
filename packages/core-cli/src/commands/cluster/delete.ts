import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { planClusterRemoval, readClusters } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { openCluster } from '../../cluster/session.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { carryOut } from '../../plan/carry-out.ts';

export default class ClusterDelete extends ProvisioningCommand {
  static override summary = 'Remove a cluster, last component first';
  static override description =
    'Data stays unless --cleanup-data. A component that can not be removed stops it; with --force it is a warning.';
  static override spec: CommandSpec = { access: 'd', sideEffect: 'delete', slow: true };
  static override examples = [
    'provisioning cluster delete web',
    'provisioning cluster delete web --force --yes',
  ];
  static override args = { cluster: argument({ required: true, description: 'name of the cluster' }) };
  static override flags = {
    force: boolean({ description: 'go on after a failure; also when it is not running' }),
    'cleanup-data': boolean({ description: 'remove data too', aliases: ['cleanup'] }),
    'keep-volumes': boolean({ description: 'volumes and buckets stay, also with --cleanup-data' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ClusterDelete);
    await using opened = await openCluster(this, args.cluster);
    const { session, infrastructure, cluster } = opened;
    const known = (await readClusters(session.context))[cluster.name];
    if (known === undefined && !flags.force) {
      throw new ProvisioningError({
        code: 'CLUSTER_NOT_RUNNING',
        message: `Cluster ${cluster.name} is not running on ${infrastructure.name}`,
        hint: 'With --force its components are removed wherever they are.',
      });
    }
    const plan = await planClusterRemoval(session.context, infrastructure, cluster, {
      force: flags.force,
      cleanupData: flags['cleanup-data'],
      keepVolumes: flags['keep-volumes'],
    });
    for (const warning of plan.warnings) this.out.warn(warning);
    await carryOut(this, session, plan, {
      name: `cluster delete ${cluster.name}`,
      command: 'cluster.delete',
      kind: 'cluster',
      nothing: `Nothing to do: ${cluster.name} has no deployed components`,
      done: `Cluster deleted: ${cluster.name}`,
      question: `Delete cluster ${cluster.name} from ${infrastructure.name}?`,
      confirm: true,
    });
  }
}
