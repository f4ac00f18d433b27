import { type AutoScaling, type Cluster, ProvisioningError } from '@provisioning/extensions-sdk';
import { isRecord } from '../config/merge.ts';
import type { Infrastructure, ScalingRule } from '../infra/index.ts';
import type { ClusterRecord } from '../state/clusters.ts';
import { runsOnKubernetes } from './layout.ts';

/** How a component of a cluster scales by itself. */
export interface ClusterScaling extends ScalingRule {
  readonly component: string;
}

const minute = 60_000;

/**
 * How a deployed cluster scales by itself (05 §5.3, 07 §10.4): between the bounds of `cluster scale --auto-scale`, else as
 * `auto_scaling.clusters` of the definition says. Nothing unless `scaling.auto_scaling_enabled` is on.
 * @throws ProvisioningError `AUTO_SCALING_INVALID` (exit 3) where no component can be scaled.
 */
export function clusterScaling(
  infrastructure: Pick<Infrastructure, 'auto_scaling'>,
  cluster: Cluster,
  record: Pick<ClusterRecord, 'auto_scaling'>,
  config: (path: string) => unknown,
): ClusterScaling | undefined {
  if (config('scaling.auto_scaling_enabled') !== true) return undefined;
  const defined = (infrastructure.auto_scaling as AutoScaling).clusters?.[cluster.name];
  const wished = record.auto_scaling;
  const [min, max] = [wished?.min ?? defined?.min_replicas, wished?.max ?? defined?.max_replicas];
  if (min === undefined || max === undefined) return undefined;
  const component = wished?.component ?? onlyScalable(cluster);
  return {
    ...{ component, min, max, proportional: true },
    targets: targetsOf(cluster, defined?.metrics ?? []),
    upCooldown: 5 * minute,
    downCooldown: 10 * minute,
  };
}

/** Whether Kubernetes scales a component itself: it has a HorizontalPodAutoscaler there. */
export function scalesOnKubernetes(cluster: Cluster, name: string): boolean {
  const component = cluster.components.find((one) => one.name === name);
  return component?.type === 'application' && runsOnKubernetes(component);
}

/** What is measured: the definition's metrics, else those of the service form of the cluster, else the processors. */
function targetsOf(
  cluster: Cluster,
  metrics: readonly { readonly type: string; readonly target: number }[],
): Record<string, number> {
  if (metrics.length > 0) return Object.fromEntries(metrics.map(({ type, target }) => [type, target]));
  const own = isRecord(cluster.auto_scaling) ? cluster.auto_scaling : {};
  const targets = {
    ...(typeof own['target_cpu'] === 'number' ? { cpu: own['target_cpu'] } : {}),
    ...(typeof own['target_memory'] === 'number' ? { memory: own['target_memory'] } : {}),
  };
  return Object.keys(targets).length > 0 ? targets : { cpu: 70 };
}

function onlyScalable({ name, components }: Cluster): string {
  const [first, ...others] = components.filter(
    ({ scaling, enabled }) => enabled !== false && scaling !== undefined,
  );
  if (first !== undefined && others.length === 0) return first.name;
  throw new ProvisioningError({
    code: 'AUTO_SCALING_INVALID',
    kind: 'configuration',
    message: `auto_scaling.clusters.${name}: which component scales is not clear`,
    hint: `Say it: provisioning cluster scale ${name} --auto-scale --min 1 --max 3 --component <name>`,
  });
}
