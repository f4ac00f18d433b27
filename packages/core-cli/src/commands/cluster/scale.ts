import { string as argument } from '@oclif/core/args';
import { integer, string } from '@oclif/core/flags';
import { planCluster, readClusters, updateCluster } from '@provisioning/core';
import { type Cluster, ProvisioningError } from '@provisioning/extensions-sdk';
import { openCluster } from '../../cluster/session.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { carryOut } from '../../plan/carry-out.ts';

export default class ClusterScale extends ProvisioningCommand {
  static override summary = 'Change on how many servers a component runs';
  static override description =
    'Without --component, the one component that can be scaled. More servers get it; it stays on those it has.';
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
    const component = scalable(cluster, flags.component);
    const scale = { [component]: flags.replicas };
    const known = (await readClusters(session.context))[cluster.name];
    const plan = await planCluster(session.context, infrastructure, cluster, { scale });
    const target = plan.graph.find(({ name }) => name === component);
    const found = (target?.input as { deployments: unknown[] } | undefined)?.deployments.length ?? 0;
    if (found < flags.replicas) {
      throw new ProvisioningError({
        code: 'CLUSTER_REQUIREMENTS',
        message: `Cluster requirements not met: ${component} needs ${flags.replicas} servers, found ${found}`,
        hint: 'Add servers to the definition first.',
      });
    }
    if (!this.globals.check && known !== undefined) {
      await updateCluster(
        session.context,
        cluster.name,
        (record) => record && { ...record, scale: { ...record.scale, ...scale } },
      );
    }
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

/** The component to scale. @throws ProvisioningError `CLUSTER_TIER`, exit 2. */
function scalable({ components }: Cluster, wanted: string | undefined): string {
  const names = components
    .filter(({ scaling, enabled }) => enabled !== false && scaling !== undefined)
    .map(({ name }) => name);
  const name = wanted ?? (names.length === 1 ? names[0] : undefined);
  if (
    name !== undefined &&
    (names.includes(name) || (names.length === 0 && components.some((one) => one.name === name)))
  )
    return name;
  throw new ProvisioningError({
    code: 'CLUSTER_TIER',
    kind: 'usage',
    message:
      wanted === undefined
        ? `Name a component with --component: ${names.join(', ')}`
        : `Invalid tier: ${wanted}. Valid options: ${names.join(', ')}`,
  });
}
