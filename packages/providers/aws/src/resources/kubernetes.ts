import { type ManagedKubernetesWish, type ManagedService, ProviderError } from '@provisioning/extensions-sdk';
import { isOurs, namedTags, notOurs, resourceName, tagNames } from '@provisioning/extensions-sdk/cloud';
import { waitUntil } from '@provisioning/extensions-sdk/http';
import { name as provider } from '../failure.ts';
import type { Session } from '../session.ts';
import { subnetsOf, vpcIn } from './network.ts';

const nodegroupName = 'nodes';
/** Seconds: a control plane takes about a quarter of an hour, a group of nodes some minutes. */
const longest = 1800;

/** Kubernetes clusters that EKS runs, each with one group of nodes. */
export function kubernetes(session: Session): ManagedService<ManagedKubernetesWish> {
  const { clients, context } = session;
  const eks = () => import('@aws-sdk/client-eks');
  const orNothing = (error: ProviderError): undefined => {
    if (error.providerCode === 'not_found') return undefined;
    throw error;
  };

  const describe = async (name: string, operation: string) => {
    const { DescribeClusterCommand } = await eks();
    const client = await clients.eks();
    const asked = clients.call(operation, () => client.send(new DescribeClusterCommand({ name })));
    return asked.then(({ cluster }) => cluster).catch(orNothing);
  };

  const nodes = async (clusterName: string, operation: string): Promise<string | undefined> => {
    const { DescribeNodegroupCommand } = await eks();
    const client = await clients.eks();
    const input = { clusterName, nodegroupName };
    const asked = clients.call(operation, () => client.send(new DescribeNodegroupCommand(input)));
    return asked.then(({ nodegroup }) => nodegroup?.status).catch(orNothing);
  };

  const reach = (what: string, operation: string, isReady: () => Promise<boolean>): Promise<true> =>
    waitUntil({
      ask: async () => ((await isReady()) ? true : undefined),
      ...{ what, state: 'ready', interval: 15, limit: longest },
      ...{ clock: session.clock, provider, operation },
    });

  return {
    async ensure({ name, version, plan = 't3.large', nodes: count = 2, role, node_role, subnets = [] }) {
      const operation = 'managed.kubernetes.ensure';
      const id = resourceName([context.infra, name], 100);
      const known = await describe(id, operation);
      if (known !== undefined && !isOurs(known.tags ?? {}, context))
        throw notOurs(provider, operation, `cluster ${id}`);
      if (role === undefined || node_role === undefined) {
        throw new ProviderError({
          provider,
          operation,
          code: 'invalid',
          message: `Kubernetes '${name}' needs role and node_role`,
          help: 'Give the ARNs of the IAM roles that EKS and its nodes act as.',
        });
      }
      const sdk = await eks();
      const client = await clients.eks();
      const vpc = await vpcIn(session, clients.region, { operation });
      const found = await subnetsOf(session, vpc, subnets, { operation });
      const subnetIds = found.flatMap(({ SubnetId }) => SubnetId ?? []);
      const tags = namedTags(context, name);
      if (known === undefined) {
        const create = new sdk.CreateClusterCommand({
          name: id,
          ...(version === undefined ? {} : { version }),
          roleArn: role,
          resourcesVpcConfig: { subnetIds },
          tags,
        });
        await clients.call(operation, () => client.send(create));
      }
      // Nodes can only join a control plane that runs.
      const isActive = async (): Promise<boolean> => (await describe(id, operation))?.status === 'ACTIVE';
      await reach(`cluster ${id}`, operation, isActive);
      if ((await nodes(id, operation)) === undefined) {
        const create = new sdk.CreateNodegroupCommand({
          clusterName: id,
          nodegroupName,
          nodeRole: node_role,
          subnets: subnetIds,
          instanceTypes: [plan],
          scalingConfig: { minSize: 1, maxSize: Math.max(count, 1), desiredSize: count },
          tags,
        });
        await clients.call(operation, () => client.send(create));
      }
      return { id };
    },

    async list() {
      const operation = 'managed.kubernetes.list';
      const { paginateListClusters } = await eks();
      const client = await clients.eks();
      const names = await clients.call(operation, async () => {
        const found: string[] = [];
        for await (const page of paginateListClusters({ client }, {})) found.push(...(page.clusters ?? []));
        return found;
      });
      const all = await Promise.all(names.map((name) => describe(name, operation)));
      return all.flatMap((cluster) => {
        if (cluster === undefined || !isOurs(cluster.tags ?? {}, context)) return [];
        const { name: id = '', tags, status, version, endpoint } = cluster;
        return [
          {
            id,
            name: tags?.[tagNames.name] ?? id,
            status: (status ?? 'unknown').toLowerCase(),
            ...(version === undefined ? {} : { version }),
            address: endpoint ?? null,
          },
        ];
      });
    },

    async delete(id) {
      const operation = 'managed.kubernetes.delete';
      const found = await describe(id, operation);
      if (found === undefined || !isOurs(found.tags ?? {}, context))
        throw notOurs(provider, operation, `cluster ${id}`);
      const sdk = await eks();
      const client = await clients.eks();
      if ((await nodes(id, operation)) !== undefined) {
        const group = { clusterName: id, nodegroupName };
        await clients.call(operation, () => client.send(new sdk.DeleteNodegroupCommand(group)));
        const isGone = async (): Promise<boolean> => (await nodes(id, operation)) === undefined;
        await reach(`the end of the nodes of ${id}`, operation, isGone);
      }
      await clients.call(operation, () => client.send(new sdk.DeleteClusterCommand({ name: id })));
    },
  };
}
