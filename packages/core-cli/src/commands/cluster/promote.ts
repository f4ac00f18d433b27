import { string as argument } from '@oclif/core/args';
import { integer } from '@oclif/core/flags';
import { canaryOf, planPromotion } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { openCluster } from '../../cluster/session.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { carryOut } from '../../plan/carry-out.ts';

export default class ClusterPromote extends ProvisioningCommand {
  static override summary = 'Make the version of a canary the main one, then remove the canary';
  static override description =
    'Server by server. What the canary changed is added to the definition of the main cluster, under overrides/clusters.';
  static override spec: CommandSpec = { access: 'w', sideEffect: 'update', slow: true };
  static override examples = ['provisioning cluster promote web-canary'];
  static override args = { canary: argument({ required: true, description: 'name of the canary' }) };
  static override flags = {
    'batch-size': integer({ description: 'servers updated at once', min: 1, default: 1 }),
    'health-check-interval': integer({
      description: 'seconds before a batch is checked',
      min: 0,
      default: 30,
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ClusterPromote);
    await using opened = await openCluster(this, args.canary);
    const { session, infrastructure, cluster } = opened;
    const main = canaryOf(cluster);
    if (main === undefined) throw noCanary(cluster.name);
    const plan = await planPromotion(session.context, infrastructure, await opened.other(main), cluster, {
      rolling: { batch_size: flags['batch-size'], interval: flags['health-check-interval'] },
    });
    for (const warning of plan.warnings) this.out.warn(warning);
    await carryOut(this, session, plan, {
      name: `cluster promote ${cluster.name}`,
      command: 'cluster.promote',
      kind: 'cluster',
      nothing: `Nothing to do: ${cluster.name} has no components`,
      done: `Cluster '${main}' has the version of ${cluster.name}`,
      question: `Make the version of ${cluster.name} the one of ${main}?`,
      confirm: infrastructure.environment === 'production',
    });
  }
}

function noCanary(name: string): ProvisioningError {
  return new ProvisioningError({
    code: 'CLUSTER_NO_CANARY',
    kind: 'usage',
    message: `${name} is no canary`,
    hint: `A canary is created with: provisioning cluster create ${name}-canary --replicas 1`,
  });
}
