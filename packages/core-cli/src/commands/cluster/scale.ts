import { string as argument } from '@oclif/core/args';
import { boolean, integer, string } from '@oclif/core/flags';
import {
  type ClusterRecord,
  planCluster,
  readClusters,
  scalesOnKubernetes,
  updateCluster,
} from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { type ClusterSession, openCluster } from '../../cluster/session.ts';
import { scalableComponent } from '../../cluster/tier.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { carryOut } from '../../plan/carry-out.ts';
import { counted } from '../../output/counted.ts';

export default class ClusterScale extends ProvisioningCommand {
  static override summary = 'Change on how many servers, or in how many replicas, a component runs';
  static override description =
    'Without --component, the one component that can be scaled. More servers get it; with fewer, the last ones lose it after\nwhat depends on it knows. Data stays. On Kubernetes its deployment is scaled; with --auto-scale Kubernetes does it, with a\nHorizontalPodAutoscaler.';
  static override spec: CommandSpec = { access: 'w', sideEffect: 'update', slow: true };
  static override examples = [
    'provisioning cluster scale web --replicas 3',
    'provisioning cluster scale web --replicas 2 --component web',
    'provisioning cluster scale web --auto-scale --min 2 --max 6',
  ];
  static override args = { cluster: argument({ required: true, description: 'name of the cluster' }) };
  static override flags = {
    replicas: integer({
      description: 'servers, or replicas on Kubernetes; it no longer scales by itself then',
      min: 1,
    }),
    'auto-scale': boolean({
      description: 'let the orchestrator scale it by its load, between --min and --max',
      exclusive: ['replicas'],
    }),
    min: integer({ description: 'fewest servers; default 1', min: 1, dependsOn: ['auto-scale'] }),
    max: integer({ description: 'most servers', min: 1, dependsOn: ['auto-scale'] }),
    component: string({ description: 'component' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ClusterScale);
    await using opened = await openCluster(this, args.cluster);
    if (!flags['auto-scale'] && flags.replicas === undefined) {
      throw new ProvisioningError({
        code: 'MISSING_ARGUMENT',
        kind: 'usage',
        message: 'Say how many: --replicas <number>, or --auto-scale --min <number> --max <number>',
      });
    }
    const component = scalableComponent(opened.cluster, flags.component);
    const { min, max } = flags;
    if (flags['auto-scale']) return this.#autoScale(opened, component, { min, max });
    await this.#scaleTo(opened, component, flags.replicas!, null);
    if (!this.globals.check) await this.#recordBounds(opened, undefined);
  }

  /** Brings the component between the bounds, and records them. */
  async #autoScale(
    opened: ClusterSession,
    component: string,
    bounds: { readonly min?: number; readonly max?: number },
  ): Promise<void> {
    const { session, cluster } = opened;
    const { context } = session;
    const { name } = cluster;
    const [min, max] = [bounds.min ?? 1, bounds.max];
    if (max === undefined || max < min) {
      throw new ProvisioningError({
        code: 'INVALID_OPTION_VALUE',
        kind: 'usage',
        message: '--auto-scale needs --max, at least as large as --min',
      });
    }
    const record = (await readClusters(context))[name];
    if (record === undefined) {
      throw new ProvisioningError({
        code: 'CLUSTER_NOT_RUNNING',
        message: `Cluster ${name} is not running on ${context.infra}`,
        hint: `Create it first: provisioning cluster create ${name}`,
      });
    }
    const known = scalesOnKubernetes(cluster, component)
      ? cluster.components.find((one) => one.name === component)?.resources?.replicas
      : record.components.find((one) => one.component === component)?.servers.length;
    const current = record.scale?.[component] ?? known ?? 0;
    if (context.config('scaling.auto_scaling_enabled') !== true)
      this.out.warn('Nothing scales by itself until it is switched on: scaling.auto_scaling_enabled = true');
    const wanted = Math.min(max, Math.max(min, current));
    this.out.info(`${component} of ${name} scales by itself between ${min} and ${max}`);
    const wish = { component, min, max };
    await this.#scaleTo(opened, component, wanted, wish);
    if (!this.globals.check) await this.#recordBounds(opened, wish);
  }

  /** What the orchestrator's watch goes by; none, when somebody says a number. */
  async #recordBounds(
    { session, cluster }: ClusterSession,
    bounds: ClusterRecord['auto_scaling'],
  ): Promise<void> {
    await updateCluster(session.context, cluster.name, (before) => {
      if (before === undefined) return undefined;
      const { auto_scaling: _old, ...record } = before;
      return { ...record, ...(bounds === undefined ? {} : { auto_scaling: bounds }) };
    });
  }

  async #scaleTo(
    { session, infrastructure, cluster }: ClusterSession,
    component: string,
    replicas: number,
    autoScaling: NonNullable<ClusterRecord['auto_scaling']> | null,
  ): Promise<void> {
    const plan = await planCluster(session.context, infrastructure, cluster, {
      scale: { [component]: replicas },
      autoScaling,
    });
    const onKubernetes = scalesOnKubernetes(cluster, component);
    const target = plan.graph.find(({ name, type }) => name === component && type === 'cluster.component');
    const found = (target?.input as { parts: unknown[] } | undefined)?.parts.length ?? 0;
    if (!onKubernetes && found < replicas) {
      throw new ProvisioningError({
        code: 'CLUSTER_REQUIREMENTS',
        message: `Cluster requirements not met: ${component} needs ${replicas} servers, found ${found}`,
        hint: 'Add servers to the definition first.',
      });
    }
    for (const warning of plan.warnings) this.out.warn(warning);
    await carryOut(this, session, plan, {
      name: `cluster scale ${cluster.name}`,
      command: 'cluster.scale',
      kind: 'cluster',
      nothing: `Nothing to do: ${cluster.name} has no components`,
      done: `Cluster '${cluster.name}': ${component} ${onKubernetes ? `with ${counted(replicas, 'replica')}` : `on ${counted(replicas, 'server')}`}`,
      question: `Scale ${component} of ${cluster.name} to ${replicas}?`,
      confirm: infrastructure.environment === 'production',
    });
  }
}
