import { type Cluster, type Component, type Context, ProvisioningError } from '@provisioning/extensions-sdk';
import type { Data } from '../config/document.ts';
import type { Infrastructure } from '../infra/index.ts';
import { TaskservPackages } from '../taskserv/index.ts';
import { clusterScaling, scalesOnKubernetes } from './auto-scaling.ts';
import { canaryOf, freeServers } from './canary.ts';
import type { PartsScope } from './component-parts.ts';
import { layOut } from './layout.ts';
import { componentLayers } from './order.ts';
import type { CanaryTraffic, Placement } from './placement.ts';
import { withSecretsOf } from './secrets.ts';
import type { ClusterRecord } from '../state/clusters.ts';

export interface ScopeOptions {
  readonly scale?: Readonly<Record<string, number>>;
  readonly traffic?: CanaryTraffic;
  /** Bounds over the recorded ones; `null` none. */
  readonly autoScaling?: ClusterRecord['auto_scaling'] | null;
}

/** A cluster placed on its servers, with its components in their order. */
export interface ClusterScope extends PartsScope {
  readonly components: readonly Component[];
}

/** @throws ProvisioningError `CLUSTER_CYCLE`, `CLUSTER_COMPONENT_UNKNOWN`, and those of the layout. */
export function clusterScope(
  context: Context,
  infrastructure: Infrastructure,
  cluster: Cluster,
  clusters: Readonly<Record<string, ClusterRecord>>,
  options: ScopeOptions = {},
): ClusterScope {
  const components = componentLayers(cluster.components).flat();
  const main = canaryOf(cluster);
  const provider = context.config('providers.default');
  const layout = layOut(infrastructure, cluster, components, {
    ...(options.scale === undefined ? {} : { scale: options.scale }),
    ...(typeof provider === 'string' && provider !== '' ? { provider } : {}),
    ...(main === undefined
      ? {}
      : {
          only: freeServers(infrastructure, cluster, clusters, options.scale ?? {}),
          known: placesOf(clusters[main]),
        }),
  });
  const bounds =
    options.autoScaling === undefined ? clusters[cluster.name]?.auto_scaling : options.autoScaling;
  const scaling = components.some(({ name }) => scalesOnKubernetes(cluster, name))
    ? clusterScaling(infrastructure, cluster, bounds ? { auto_scaling: bounds } : {}, (path) =>
        context.config(path),
      )
    : undefined;
  return {
    context,
    infrastructure,
    cluster,
    layout,
    ...(options.scale === undefined ? {} : { scale: options.scale }),
    ...(scaling === undefined ? {} : { autoScaling: scaling }),
    components,
    packages: new TaskservPackages(),
    ...(options.traffic === undefined ? {} : { traffic: options.traffic }),
  };
}

/** The cluster as it was deployed last; nothing when that is not known or its servers are gone. */
export function deployedScope(
  context: Context,
  infrastructure: Infrastructure,
  current: Cluster,
  clusters: Readonly<Record<string, ClusterRecord>>,
): ClusterScope | undefined {
  const record = clusters[current.name];
  if (record?.deployed === undefined) return undefined;
  const cluster = withSecretsOf(record.deployed.definition as Data, current) as Cluster;
  const traffic = trafficOf(current.name, clusters);
  try {
    return clusterScope(context, infrastructure, cluster, clusters, {
      ...(record.scale === undefined ? {} : { scale: record.scale }),
      ...(traffic === undefined ? {} : { traffic }),
    });
  } catch (error) {
    if (error instanceof ProvisioningError) return undefined;
    throw error;
  }
}

/** Traffic that the canary of a cluster takes. */
export function trafficOf(
  cluster: string,
  clusters: Readonly<Record<string, ClusterRecord>>,
  weight?: number,
): CanaryTraffic | undefined {
  const canary = Object.values(clusters).find((record) => record.canary_of === cluster);
  const share = weight ?? canary?.weight ?? 0;
  return canary === undefined || share === 0 ? undefined : { placement: placesOf(canary), weight: share };
}

function placesOf(record: ClusterRecord | undefined): Placement {
  return new Map(record?.components.map(({ component, servers }) => [component, servers]));
}
