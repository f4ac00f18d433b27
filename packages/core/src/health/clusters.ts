import type { Context } from '@provisioning/extensions-sdk';
import { loadCluster, planCluster, readClusters } from '../cluster/index.ts';
import type { Infrastructure } from '../infra/infrastructure.ts';
import { operations } from '../execution/operations.ts';
import type { Project } from '../project/project.ts';
import type { HealthItem } from '../operations/server/health.ts';

/** Every cluster that was created: its components stand as they were deployed (05 §9.8). */
export async function clusterHealth(
  project: Project,
  context: Context,
  infrastructure: Infrastructure,
): Promise<readonly HealthItem[]> {
  const records = await readClusters(context);
  return Promise.all(
    Object.values(records).map(async ({ cluster: name, version, components }): Promise<HealthItem> => {
      try {
        const cluster = await loadCluster(name, { catalogue: project.extensions, infrastructure });
        const { graph } = await planCluster(context, infrastructure, cluster);
        const states = await Promise.all(
          graph.map(async ({ name: component, type, input }) => {
            const [change] = await operations.get(type)!.plan(context, input);
            return { component, well: change?.action === 'unchanged' };
          }),
        );
        const bad = states.filter(({ well }) => !well).map(({ component }) => component);
        const status = `${states.length - bad.length}/${states.length} components`;
        return bad.length === 0
          ? { name, version, healthy: true, status }
          : { name, version, healthy: false, status, reason: `not as deployed: ${bad.join(', ')}` };
      } catch (error) {
        const status = `0/${components.length} components`;
        return { name, version, healthy: false, status, reason: (error as Error).message };
      }
    }),
  );
}
