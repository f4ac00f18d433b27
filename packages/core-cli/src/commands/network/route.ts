import { integer, string } from '@oclif/core/flags';
import { canaryOf, planCanaryWeight } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { openCluster } from '../../cluster/session.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { carryOut } from '../../plan/carry-out.ts';

export default class NetworkRoute extends ProvisioningCommand {
  static override summary = "Give a canary a share of its main cluster's traffic";
  static override description =
    'The load balancers of the main cluster get both, with weights. 0 takes it all back.';
  static override spec: CommandSpec = { access: 'm', sideEffect: 'update', slow: true };
  static override examples = ['provisioning network route --target web-canary --weight 10'];
  static override flags = {
    target: string({ required: true, description: 'name of the canary' }),
    weight: integer({ required: true, description: 'percent of the traffic', min: 0, max: 100 }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(NetworkRoute);
    await using opened = await openCluster(this, flags.target);
    const { session, infrastructure, cluster } = opened;
    const main = canaryOf(cluster);
    if (main === undefined) {
      throw new ProvisioningError({
        code: 'CLUSTER_NO_CANARY',
        kind: 'usage',
        message: `${cluster.name} is no canary`,
        hint: `A canary is created with: provisioning cluster create ${cluster.name}-canary --replicas 1`,
      });
    }
    const definition = await opened.other(main);
    const plan = await planCanaryWeight(
      session.context,
      infrastructure,
      definition,
      cluster.name,
      flags.weight,
    );
    await carryOut(this, session, plan, {
      name: `network route ${cluster.name}`,
      command: 'network.route',
      kind: 'cluster',
      nothing: `Nothing to do: ${cluster.name} has ${flags.weight} % of the traffic`,
      done: `${cluster.name} has ${flags.weight} % of the traffic of ${main}`,
      question: `Give ${cluster.name} ${flags.weight} % of the traffic of ${main}?`,
      confirm: infrastructure.environment === 'production',
    });
  }
}
