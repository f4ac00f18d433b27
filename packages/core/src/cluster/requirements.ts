import { type Cluster, ProvisioningError, type Server } from '@provisioning/extensions-sdk';

/** What a cluster needs of the servers; empty when it is met (07 §10.2.3). */
export function unmetRequirements({ resources }: Cluster, servers: readonly Server[]): string[] {
  if (servers.length < resources.min_nodes)
    return [`needs ${resources.min_nodes} servers, found ${servers.length}`];
  const memory = gigabytes(resources.memory_per_node);
  const cores = Number(resources.cpu_per_node);
  const fitting = servers.filter((server) => server.memory / 1024 >= memory && server.cores >= cores);
  const needed = Math.max(1, resources.min_nodes);
  if (fitting.length >= needed) return [];
  return [
    `needs ${needed} servers with ${resources.cpu_per_node} cores and ${resources.memory_per_node}, found ${fitting.length}`,
  ];
}

/** @throws ProvisioningError `CLUSTER_REQUIREMENTS`. */
export function checkRequirements(cluster: Cluster, servers: readonly Server[]): void {
  const unmet = unmetRequirements(cluster, servers);
  if (unmet.length === 0) return;
  throw requirementsNotMet(unmet, `Change the servers, or 'resources' of the cluster ${cluster.name}.`);
}

export function requirementsNotMet(unmet: readonly string[], hint: string): ProvisioningError {
  return new ProvisioningError({
    code: 'CLUSTER_REQUIREMENTS',
    message: `Cluster requirements not met: ${unmet.join(', ')}`,
    hint,
    details: { issues: unmet },
  });
}

function gigabytes(text: string): number {
  const [, number = '0', unit = 'Gi'] = /^(\d+(?:\.\d+)?)\s*(Mi|Gi|Ti|M|G|T)?/.exec(text) ?? [];
  return Number(number) * (unit.startsWith('M') ? 1 / 1024 : unit.startsWith('T') ? 1024 : 1);
}
