import { componentLayers, type Plan } from '@provisioning/core';
import { type Cluster, ProvisioningError } from '@provisioning/extensions-sdk';
import type { ProvisioningCommand } from '../frame/command.ts';

/** What `cluster create --check` prints (07 §10.2.2). Requirements that are not met are told, not thrown. */
export async function printClusterCheck(
  command: ProvisioningCommand,
  cluster: Cluster,
  plan: () => Promise<Plan>,
): Promise<void> {
  const { out } = command;
  const components = componentLayers(cluster.components).flat();
  let planned: Plan | undefined;
  let issues: readonly string[] = [];
  try {
    planned = await plan();
  } catch (thrown) {
    const error = ProvisioningError.from(thrown);
    if (error.code !== 'CLUSTER_REQUIREMENTS') throw error;
    issues = (error.details as { issues?: readonly string[] } | undefined)?.issues ?? [error.message];
  }
  const met = issues.length === 0;
  const { style } = out;
  const { resources } = cluster;
  await out.result(
    {
      action: 'create-cluster',
      cluster: cluster.name,
      check_mode: true,
      would_create: met,
      components: components.map(({ name, type, service, version, dependencies }) => ({
        name,
        type,
        ...(service === undefined ? {} : { service }),
        ...(version === undefined ? {} : { version }),
        dependencies,
        places: placesOf(planned, name),
      })),
      resources,
      requirements_check: { met, issues },
    },
    () => [
      `${style.mark(met ? 'ok' : 'error')} ${met ? 'Validation passed' : `Cluster requirements not met: ${issues.join(', ')}`}`,
      `${style.mark('warning')} Check mode: No changes will be made`,
      '',
      `Would create cluster: ${cluster.name} ${cluster.version}`,
      ...components.map(({ name, version, dependencies }) => {
        const places = placesOf(planned, name);
        return `  - ${name}${version === undefined ? '' : ` ${version}`}${places.length === 0 ? '' : ` on ${places.join(', ')}`}${dependencies.length === 0 ? '' : ` after ${dependencies.join(', ')}`}`;
      }),
      `Needs: ${resources.min_nodes} servers with ${resources.cpu_per_node} cores, ${resources.memory_per_node}, ${resources.storage_per_node}`,
    ],
  );
  if (!met) command.exitCode = 1;
}

function placesOf(plan: Plan | undefined, component: string): string[] {
  const node = plan?.graph.find(({ type, name }) => type === 'cluster.component' && name === component);
  const parts = (
    node?.input as { parts?: readonly { name?: string; server?: { hostname: string } }[] } | undefined
  )?.parts;
  return (parts ?? []).map(({ server, name }) => server?.hostname ?? name ?? '');
}
