import { string as argument } from '@oclif/core/args';
import { boolean, integer, string } from '@oclif/core/flags';
import { planCluster } from '@provisioning/core';
import { openCluster } from '../../cluster/session.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { carryOut } from '../../plan/carry-out.ts';

export default class ClusterUpdate extends ProvisioningCommand {
  static override summary = 'Bring a cluster to its definition, component by component';
  static override description =
    'In the order of dependencies. What is right already is left alone. A component that fails goes back to what it was, and\nthe update stops there.';
  static override spec: CommandSpec = { access: 'w', sideEffect: 'update', slow: true };
  static override examples = [
    'provisioning cluster update web',
    'provisioning cluster update web --rolling --batch-size 2',
    'provisioning cluster update web --version 1.1.0 --check',
  ];
  static override args = { cluster: argument({ required: true, description: 'name of the cluster' }) };
  static override flags = {
    version: string({ description: 'version that is recorded' }),
    rolling: boolean({ description: 'server by server, each batch checked before the next' }),
    'batch-size': integer({ description: 'servers updated at once', min: 1, default: 1 }),
    'health-check-interval': integer({
      description: 'seconds before a batch is checked',
      min: 0,
      default: 30,
    }),
    secrets: string({ description: 'file with values that are decrypted in memory only' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ClusterUpdate);
    await using opened = await openCluster(this, args.cluster, {
      ...(flags.version === undefined ? {} : { version: flags.version }),
      ...(flags.secrets === undefined ? {} : { secrets: flags.secrets }),
    });
    const { session, infrastructure, cluster } = opened;
    const rolling = { batch_size: flags['batch-size'], interval: flags['health-check-interval'] };
    const plan = await planCluster(
      session.context,
      infrastructure,
      cluster,
      flags.rolling ? { rolling } : {},
    );
    for (const warning of plan.warnings) this.out.warn(warning);
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
