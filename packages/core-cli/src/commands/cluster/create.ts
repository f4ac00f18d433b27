import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { planCluster } from '@provisioning/core';
import { openCluster } from '../../cluster/session.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { carryOut } from '../../plan/carry-out.ts';

export default class ClusterCreate extends ProvisioningCommand {
  static override summary = 'Deploy a cluster, component by component';
  static override description =
    'Components are deployed in the order of their dependencies. When one fails, what this run deployed is taken away in\nreverse order; what was there before stays.';
  static override spec: CommandSpec = { access: 'w', sideEffect: 'create', slow: true };
  static override examples = [
    'provisioning cluster create web --check',
    'provisioning cluster create postgres-ha --infra shop',
    'provisioning cluster create monitoring --no-rollback',
  ];
  static override args = { cluster: argument({ required: true, description: 'name of the cluster' }) };
  static override flags = {
    'no-rollback': boolean({ description: 'keep what was deployed when a component fails' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ClusterCreate);
    await using opened = await openCluster(this, args.cluster);
    const { session, infrastructure, cluster } = opened;
    const keep = flags['no-rollback'];
    const plan = await planCluster(session.context, infrastructure, cluster, { keepOnFailure: keep });
    await carryOut(this, session, plan, {
      name: `cluster create ${cluster.name}`,
      command: 'cluster.create',
      kind: 'cluster',
      nothing: `Nothing to do: ${cluster.name} has no components`,
      done: `Cluster '${cluster.name}' deployed: ${plan.graph.map(({ name }) => name).join(', ')}`,
      question: `Deploy cluster ${cluster.name}?`,
      confirm: infrastructure.environment === 'production',
      rollback: !keep,
      next: [`provisioning cluster status ${cluster.name}`],
    });
  }
}
