import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { canaryOf, planClusterRollback } from '@provisioning/core';
import { openCluster } from '../../cluster/session.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { carryOut } from '../../plan/carry-out.ts';

export default class ClusterRollback extends ProvisioningCommand {
  static override summary = 'Bring a cluster back to the version before, or take a canary away';
  static override description =
    'The last three definitions that were deployed are kept, without their secrets. A canary gives its traffic back first.';
  static override spec: CommandSpec = { access: 'w', sideEffect: 'update', slow: true };
  static override examples = [
    'provisioning cluster rollback web',
    'provisioning cluster rollback web --to 1.0.0',
    'provisioning cluster rollback web-canary',
  ];
  static override args = { cluster: argument({ required: true, description: 'name of the cluster' }) };
  static override flags = { to: string({ description: 'recorded version; default the one before' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ClusterRollback);
    await using opened = await openCluster(this, args.cluster);
    const { session, infrastructure, cluster } = opened;
    const main = canaryOf(cluster);
    const plan = await planClusterRollback(session.context, infrastructure, cluster, {
      ...(flags.to === undefined ? {} : { to: flags.to }),
      ...(main === undefined ? {} : { main: await opened.other(main) }),
    });
    for (const warning of plan.warnings) this.out.warn(warning);
    await carryOut(this, session, plan, {
      name: `cluster rollback ${cluster.name}`,
      command: 'cluster.rollback',
      kind: 'cluster',
      nothing: `Nothing to do: ${cluster.name} has no components`,
      done: main === undefined ? `Cluster '${cluster.name}' is back` : `Canary ${cluster.name} removed`,
      question: `Roll ${cluster.name} back?`,
      confirm: infrastructure.environment === 'production',
      ...(main === undefined
        ? {
            next: [
              `Change the definition of ${cluster.name} too, or the next update brings it forward again`,
            ],
          }
        : {}),
    });
  }
}
