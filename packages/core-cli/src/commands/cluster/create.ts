import { string as argument } from '@oclif/core/args';
import { boolean, integer, string } from '@oclif/core/flags';
import { canaryOf, planCluster, storeCluster } from '@provisioning/core';
import type { Cluster } from '@provisioning/extensions-sdk';
import { printClusterCheck } from '../../cluster/check-document.ts';
import { openCluster } from '../../cluster/session.ts';
import { scalableComponent } from '../../cluster/tier.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { carryOut } from '../../plan/carry-out.ts';

export default class ClusterCreate extends ProvisioningCommand {
  static override summary = 'Deploy a cluster, component by component';
  static override description =
    'Components are deployed in the order of their dependencies. When one fails, what this run deployed is taken away in\nreverse order; what was there before stays. NAME-canary tries a new version of NAME on a server of its own.';
  static override spec: CommandSpec = { access: 'w', sideEffect: 'create', slow: true };
  static override examples = [
    'provisioning cluster create web --check',
    'provisioning cluster create postgres-ha --infra shop',
    'provisioning cluster create web-canary --replicas 1 --config next.toml',
    'provisioning cluster create monitoring --no-rollback',
  ];
  static override args = { cluster: argument({ required: true, description: 'name of the cluster' }) };
  static override flags = {
    'no-rollback': boolean({ description: 'keep what was deployed when a component fails' }),
    replicas: integer({ description: 'servers of the component that can be scaled', min: 1 }),
    component: string({ description: 'component that --replicas is for, when there are several' }),
    namespace: string({ description: 'namespace of applications on Kubernetes' }),
    secrets: string({ description: 'file with values that are decrypted in memory only' }),
    'define-only': boolean({ description: 'store the definition in the infrastructure, deploy nothing' }),
    deploy: boolean({ description: 'deploy it; the default', allowNo: false }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ClusterCreate);
    await using opened = await openCluster(this, args.cluster, {
      ...(flags.secrets === undefined ? {} : { secrets: flags.secrets }),
    });
    const { session, infrastructure, cluster } = opened;
    if (flags['define-only']) return this.#define(cluster, infrastructure.path);
    const replicas = flags.replicas ?? (canaryOf(cluster) === undefined ? undefined : 1);
    const keep = flags['no-rollback'];
    const plan = () =>
      planCluster(session.context, infrastructure, cluster, {
        keepOnFailure: keep,
        ...(flags.namespace === undefined ? {} : { namespace: flags.namespace }),
        ...(replicas === undefined
          ? {}
          : { scale: { [scalableComponent(cluster, flags.component)]: replicas } }),
      });
    if (this.globals.check) return printClusterCheck(this, cluster, plan);
    const ready = await plan();
    for (const warning of ready.warnings) this.out.warn(warning);
    const names = ready.graph.filter(({ type }) => type === 'cluster.component').map(({ name }) => name);
    await carryOut(this, session, ready, {
      name: `cluster create ${cluster.name}`,
      command: 'cluster.create',
      kind: 'cluster',
      nothing: `Nothing to do: ${cluster.name} has no components`,
      done: [`Cluster '${cluster.name}' deployed: ${names.join(', ')}`, ...infoLines(cluster)].join('\n'),
      question: `Deploy cluster ${cluster.name}?`,
      confirm: infrastructure.environment === 'production',
      rollback: !keep,
      next: [`provisioning cluster status ${cluster.name}`],
    });
  }

  async #define(cluster: Cluster, infraPath: string): Promise<void> {
    const file = this.globals.check ? undefined : await storeCluster(infraPath, cluster);
    const { style } = this.out;
    await this.out.result(
      { cluster: cluster.name, defined: !this.globals.check, ...(file === undefined ? {} : { file }) },
      () => [
        file === undefined
          ? `${style.mark('info')} Would define cluster ${cluster.name}`
          : `${style.mark('ok')} Cluster '${cluster.name}' defined: ${file}`,
      ],
    );
  }
}

/** The `info` list of a definition (05 §9.7). */
function infoLines({ info = [] }: Cluster): string[] {
  return info.length === 0 ? [] : ['Cluster Info:', ...info.map((line) => `  • ${String(line)}`)];
}
