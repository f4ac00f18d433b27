import type { Context } from '@provisioning/extensions-sdk';
import { observeReachable, observeServers } from '../plan/observe.ts';
import { PlannedTaskservs } from '../plan/uses.ts';
import type { DefinedInfrastructure } from '../plan/deploy.ts';
import { infraPath } from '../state/paths.ts';
import { StateFile } from '../state/state.ts';
import { TaskservPackages } from '../taskserv/index.ts';
import type { HealthItem } from '../operations/server/health.ts';

/**
 * Every taskserv that was installed: its software, files and services are as they were installed (05 §9.8). What was
 * never installed is not counted.
 */
export async function taskservHealth(
  context: Context,
  infrastructure: DefinedInfrastructure,
): Promise<readonly HealthItem[]> {
  const state = await new StateFile(infraPath(context)).read();
  const packages = new TaskservPackages();
  const uses = new PlannedTaskservs(context, infrastructure, packages);
  const known = infrastructure.servers.filter(({ hostname }) => hostname in state.servers);
  const observed = await observeReachable(context, [...new Set(known.map(({ provider }) => provider))]);
  const pairs = await Promise.all(
    known.map(async (server) => ({ server, taskservs: await uses.of(server) })),
  );
  const up = pairs.filter(
    ({ server, taskservs }) =>
      taskservs.length > 0 &&
      observed.get(server.provider)?.servers.get(server.hostname)?.status === 'running',
  );
  const facts = await observeServers(context, up, { parallel: 10, timeout: 5, packages, known: observed });
  return pairs.flatMap(({ server: { hostname }, taskservs }) =>
    taskservs.flatMap(({ use }): HealthItem[] => {
      const name = `${hostname}/${use.name}`;
      const record = state.servers[hostname]?.taskservs.find((one) => one.name === use.name);
      const version = record?.version;
      const common = { name, ...(version === undefined ? {} : { version }) };
      const fact = facts.get(hostname);
      if (fact === undefined || !fact.reachable) {
        if (record === undefined) return [];
        const reason = fact === undefined ? 'its server does not run' : fact.reason;
        return [{ ...common, healthy: false, status: 'unknown', reason }];
      }
      const found = fact.taskservs.get(use.name);
      if (found === undefined || found.state === 'absent') {
        return record?.status === 'installed'
          ? [{ ...common, healthy: false, status: 'absent', reason: 'it is not installed any more' }]
          : [];
      }
      if (found.state === 'satisfied') return [{ ...common, healthy: true, status: 'running' }];
      return [{ ...common, healthy: false, status: 'drifted', reason: found.reasons.join(', ') }];
    }),
  );
}
