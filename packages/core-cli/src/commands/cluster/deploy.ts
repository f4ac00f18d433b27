import { string as argument } from '@oclif/core/args';
import { deploymentOrder, inSequence, loadCluster, planCluster } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { carryOut } from '../../plan/carry-out.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

export default class ClusterDeploy extends ProvisioningCommand {
  static override summary = 'Deploy all clusters that the infrastructure defines';
  static override description =
    'One after another: a cluster comes after those that its dependencies name. With a name, only that one.';
  static override spec: CommandSpec = { access: 'w', sideEffect: 'create', slow: true };
  static override examples = ['provisioning cluster deploy', 'provisioning cluster deploy web --check'];
  static override args = { cluster: argument({ description: 'name; default all defined ones' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(ClusterDeploy);
    await using session = await openInfrastructure(this);
    const { infrastructure, context } = session;
    const sources = { catalogue: session.project.extensions, infrastructure };
    const names = args.cluster === undefined ? Object.keys(infrastructure.clusters) : [args.cluster];
    const clusters = await Promise.all(names.map((name) => loadCluster(name, sources)));
    const ordered = args.cluster === undefined ? deploymentOrder(clusters) : clusters;
    const plans = [];
    for (const cluster of ordered) plans.push(await planCluster(context, infrastructure, cluster));
    const [first, ...rest] = plans;
    if (first === undefined) {
      const { style } = this.out;
      await this.out.result({ clusters: [] }, () => [`${style.mark('info')} No clusters defined`]);
      return;
    }
    const plan = rest.reduce(inSequence, first);
    for (const warning of plan.warnings) this.out.warn(warning);
    await carryOut(this, session, plan, {
      name: 'cluster deploy',
      command: 'cluster.deploy',
      kind: 'cluster',
      nothing: 'Nothing to do: the clusters have no components',
      done: `Deployed: ${ordered.map(({ name }) => name).join(', ')}`,
      question: `Deploy ${ordered.map(({ name }) => name).join(', ')}?`,
      confirm: infrastructure.environment === 'production',
    });
  }
}
