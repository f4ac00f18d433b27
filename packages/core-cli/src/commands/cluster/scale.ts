import { string as argument } from '@oclif/core/args';
import { integer, string } from '@oclif/core/flags';
import { planCluster } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { openCluster } from '../../cluster/session.ts';
import { scalableComponent } from '../../cluster/tier.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { carryOut } from '../../plan/carry-out.ts';

export default class ClusterScale extends ProvisioningCommand {
  static override summary = 'Change on how many servers a component runs';
  static override description =
    'Without --component, the one component that can be scaled. More servers get it; with fewer, the last ones lose it after\nwhat depends on it knows. Data stays.';
  static override spec: CommandSpec = { access: 'w', sideEffect: 'update', slow: true };
  static override examples = [
    'provisioning cluster scale web --replicas 3',
    'provisioning cluster scale web --replicas 2 --component web',
  ];
  static override args = { cluster: argument({ required: true, description: 'name of the cluster' }) };
  static override flags = {
    replicas: integer({ description: 'servers', required: true, min: 1 }),
    component: string({ description: 'component' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ClusterScale);
    await using opened = await openCluster(this, args.cluster);
    const { session, infrastructure, cluster } = opened;
    const component = scalableComponent(cluster, flags.component);
    const plan = await planCluster(session.context, infrastructure, cluster, {
      scale: { [component]: flags.replicas },
    });
    const target = plan.graph.find(({ name, type }) => name === component && type === 'cluster.component');
    const found = (target?.input as { parts: unknown[] } | undefined)?.parts.length ?? 0;
    if (found < flags.replicas) {
      throw new ProvisioningError({
        code: 'CLUSTER_REQUIREMENTS',
        message: `Cluster requirements not met: ${component} needs ${flags.replicas} servers, found ${found}`,
        hint: 'Add servers to the definition first.',
      });
    }
    for (const warning of plan.warnings) this.out.warn(warning);
    await carryOut(this, session, plan, {
      name: `cluster scale ${cluster.name}`,
      command: 'cluster.scale',
      kind: 'cluster',
      nothing: `Nothing to do: ${cluster.name} has no components`,
      done: `Cluster '${cluster.name}': ${component} on ${flags.replicas} ${flags.replicas === 1 ? 'server' : 'servers'}`,
      question: `Scale ${component} of ${cluster.name} to ${flags.replicas}?`,
      confirm: infrastructure.environment === 'production',
    });
  }
}
