import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { planCluster } from '@provisioning/core';
import { openCluster } from '../../cluster/session.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { carryOut } from '../../plan/carry-out.ts';

export default class ClusterUpdate extends ProvisioningCommand {
  static override summary = 'Bring a cluster to its definition, component by component';
  static override description =
    'In the order of dependencies. What is right already is left alone; a failure stops there.';
  static override spec: CommandSpec = { access: 'w', sideEffect: 'update', slow: true };
  static override examples = [
    'provisioning cluster update web',
    'provisioning cluster update web --version 1.1.0 --check',
  ];
  static override args = { cluster: argument({ required: true, description: 'name of the cluster' }) };
  static override flags = { version: string({ description: 'version that is recorded' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ClusterUpdate);
    await using opened = await openCluster(
      this,
      args.cluster,
      flags.version === undefined ? {} : { version: flags.version },
    );
    const { session, infrastructure, cluster } = opened;
    const plan = await planCluster(session.context, infrastructure, cluster);
    await carryOut(this, session, plan, {
      name: `cluster update ${cluster.name}`,
      command: 'cluster.update',
      kind: 'cluster',
      nothing: `Nothing to do: ${cluster.name} has no components`,
      done: `Cluster '${cluster.name}' is up to date`,
      question: `Update cluster ${cluster.name}?`,
      confirm: infrastructure.environment === 'production',
    });
  }
}
