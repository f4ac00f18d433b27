import { type Cluster, type Context, ProvisioningError } from '@provisioning/extensions-sdk';
import type { Data } from '../config/document.ts';
import type { Infrastructure } from '../infra/index.ts';
import type { Plan } from '../plan/plan.ts';
import { canaryOf, promoted } from './canary.ts';
import { type ClusterPlanOptions, inSequence, nodeId, planCluster, planClusterRemoval } from './plan.ts';
import { withoutSecrets, withSecretsOf } from './secrets.ts';
import { readClusters } from '../state/clusters.ts';

/**
 * Sends a share of the main cluster's traffic to its canary: load balancers of the main cluster get both, with weights
 * (05 §8.4).
 * @param main definition of the main cluster.
 */
export async function planCanaryWeight(
  context: Context,
  infrastructure: Infrastructure,
  main: Cluster,
  canary: string,
  weight: number,
): Promise<Plan> {
  await deployedCanary(context, canary);
  const plan = await planCluster(context, infrastructure, main, { canaryWeight: weight });
  const record = {
    id: nodeId(canary, 'weight'),
    type: 'cluster.weight',
    name: `${weight} % for ${canary}`,
    input: { cluster: canary, weight },
    dependencies: plan.graph.map(({ id }) => id),
  };
  return { ...plan, graph: [...plan.graph, record] };
}

/**
 * The canary's version becomes the main one, server by server; then the canary goes. What it changed is added to the
 * infrastructure's definition of the cluster.
 */
export async function planPromotion(
  context: Context,
  infrastructure: Infrastructure,
  main: Cluster,
  canary: Cluster,
  options: Pick<ClusterPlanOptions, 'rolling'> = {},
): Promise<Plan> {
  const record = await deployedCanary(context, canary.name);
  const tried = withSecretsOf((record.deployed?.definition ?? canary) as Data, canary) as Cluster;
  const next = promoted(main, tried);
  const override = withoutSecrets({
    version: next.version,
    components: next.components
      .filter(({ name }) => tried.components.some((component) => component.name === name))
      .map(({ name, version, config, service }) => ({
        name,
        ...(version === undefined ? {} : { version }),
        ...(service === undefined ? {} : { service }),
        config,
      })),
  });
  const rollout = await planCluster(context, infrastructure, next, {
    canaryWeight: 0,
    override,
    rolling: options.rolling ?? { batch_size: 1, interval: 30 },
  });
  return inSequence(rollout, await planClusterRemoval(context, infrastructure, canary));
}

/**
 * Back to what was: a canary gives its traffic back and goes; a cluster gets the definition it had before.
 * @param main for a canary, the definition of its main cluster.
 * @throws ProvisioningError `CLUSTER_NO_HISTORY`.
 */
export async function planClusterRollback(
  context: Context,
  infrastructure: Infrastructure,
  cluster: Cluster,
  options: { readonly to?: string; readonly main?: Cluster } = {},
): Promise<Plan> {
  const record = (await readClusters(context))[cluster.name];
  if (canaryOf(cluster) !== undefined && options.main !== undefined) {
    const removal = await planClusterRemoval(context, infrastructure, cluster);
    if ((record?.weight ?? 0) === 0) return removal;
    const back = await planCanaryWeight(context, infrastructure, options.main, cluster.name, 0);
    return inSequence(back, removal);
  }
  const { to } = options;
  const earlier = record?.history?.find(({ version }) => to === undefined || version === to);
  if (earlier === undefined) {
    const known = record?.history?.map(({ version }) => version) ?? [];
    throw new ProvisioningError({
      code: 'CLUSTER_NO_HISTORY',
      kind: 'not-found',
      message: `No previous version${to === undefined ? '' : ` ${to}`} recorded for ${cluster.name}`,
      hint: known.length === 0 ? 'An update records one.' : `Recorded: ${known.join(', ')}`,
    });
  }
  const definition = withSecretsOf(earlier.definition as Data, cluster as Data) as Cluster;
  return planCluster(context, infrastructure, definition, { rollback: true });
}

async function deployedCanary(context: Context, name: string) {
  const record = (await readClusters(context))[name];
  if (record?.canary_of !== undefined) return record;
  throw new ProvisioningError({
    code: 'CLUSTER_NOT_RUNNING',
    message: `Canary ${name} is not running`,
    hint: `Create it first: provisioning cluster create ${name} --replicas 1`,
  });
}
