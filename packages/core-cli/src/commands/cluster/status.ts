import { string as argument } from '@oclif/core/args';
import { operations, planCluster, readClusters } from '@provisioning/core';
import { openCluster } from '../../cluster/session.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class ClusterStatus extends ProvisioningCommand {
  static override summary = 'Ask the servers how the components of a cluster stand';
  static override spec: CommandSpec = { access: '-' };
  static override examples = [
    'provisioning cluster status web',
    'provisioning cluster status web --out json',
  ];
  static override args = { cluster: argument({ required: true, description: 'name of the cluster' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(ClusterStatus);
    await using opened = await openCluster(this, args.cluster);
    const { session, infrastructure, cluster } = opened;
    const plan = await planCluster(session.context, infrastructure, cluster);
    const nodes = plan.graph.filter(({ type }) => type === 'cluster.component');
    const record = (await readClusters(session.context))[cluster.name];
    const components = await Promise.all(
      nodes.map(async ({ name, type, input }) => {
        const [change] = await operations.get(type)!.plan(session.context, input);
        const known = record?.components.find(({ component }) => component === name);
        const status = change?.action === 'unchanged' ? 'deployed' : (known?.status ?? 'absent');
        return { component: name, status, reasons: change?.reasons ?? [], servers: known?.servers ?? [] };
      }),
    );
    const healthy = components.every(({ status }) => status === 'deployed');
    const status = healthy
      ? 'running'
      : components.some((one) => one.status === 'deployed')
        ? 'partial'
        : 'absent';
    const { style } = this.out;
    await this.out.result(
      { cluster: cluster.name, version: record?.version ?? cluster.version, status, healthy, components },
      () => [
        `${style.mark(healthy ? 'ok' : 'warning')} ${cluster.name}: ${status}`,
        ...components.map(
          ({ component, status: state, reasons }) =>
            `  ${style.mark(state === 'deployed' ? 'active' : 'inactive')} ${component}: ${state}${reasons.length === 0 ? '' : ` (${reasons.join('; ')})`}`,
        ),
      ],
    );
    if (!healthy) this.exitCode = 1;
  }
}
