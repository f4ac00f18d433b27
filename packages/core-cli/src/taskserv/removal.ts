import {
  dependentsOf,
  type Infrastructure,
  installedOn,
  operations,
  type Plan,
  taskservManifests,
  TaskservPackages,
  taskservsOf,
} from '@provisioning/core';
import { type Change, type OperationNode, ProvisioningError } from '@provisioning/extensions-sdk';
import type { InfrastructureSession } from '../session/infrastructure.ts';
import { namesOn, type TaskservTargets, uses } from './targets.ts';

export interface RemovalOptions {
  readonly cleanupData: boolean;
  /** Also when other taskservs there need it. */
  readonly force: boolean;
}

/**
 * Plans the removal of taskservs, what depends on another before it (07 §6.1).
 * @throws ProvisioningError `TASKSERV_NEEDED`, `NOT_INSTALLED`.
 */
export async function planRemoval(
  session: InfrastructureSession,
  targets: TaskservTargets,
  options: RemovalOptions,
): Promise<Plan> {
  const definition = withEntries(session.infrastructure, targets);
  const packages = new TaskservPackages();
  if (!options.force) await refuseNeeded(session, targets);
  const changes: Change[] = [];
  const graph: OperationNode[] = [];
  for (const server of definition.servers.filter(({ hostname }) => targets.hostnames.includes(hostname))) {
    let previous: string | undefined;
    const planned = await taskservsOf(session.context, server, definition, packages);
    for (const { use, references } of planned.toReversed()) {
      if (!namesOn(targets, server.hostname).includes(use.name)) continue;
      const input = {
        server: { hostname: server.hostname, provider: server.provider },
        taskserv: use,
        references,
        cleanup_data: options.cleanupData,
      };
      const [change] = await operations.get('taskserv.delete')!.plan(session.context, input);
      if (!change) continue;
      changes.push(change);
      if (change.action === 'unchanged') continue;
      const id = `delete-${server.hostname}.${use.name}`;
      graph.push({
        id,
        type: 'taskserv.delete',
        name: `${use.name} on ${server.hostname}`,
        input,
        dependencies: previous === undefined ? [] : [previous],
        resources: [`server/${server.hostname}`],
      });
      previous = id;
    }
  }
  if (graph.length === 0) {
    throw new ProvisioningError({
      code: 'NOT_INSTALLED',
      message: `Service ${targets.names.join(', ')} is not installed on ${targets.hostnames.join(', ')}`,
      hint: 'What is installed where: provisioning taskserv list --installed',
    });
  }
  const { name: infra, environment } = session.infrastructure;
  return {
    workspace: session.selection.name,
    infra,
    environment,
    changes,
    graph,
    blocked: [],
    warnings: [],
  };
}

/** @throws ProvisioningError `TASKSERV_NEEDED` naming what would break (07 §6.1.2). */
async function refuseNeeded(session: InfrastructureSession, targets: TaskservTargets): Promise<void> {
  const manifests = await taskservManifests(session.project.extensions);
  const servers = session.infrastructure.servers.filter(({ hostname }) =>
    targets.hostnames.includes(hostname),
  );
  for (const server of servers) {
    const names = namesOn(targets, server.hostname);
    const installed = new Set((await installedOn(session.context, server)).keys());
    for (const name of names) {
      const others = installed.has(name)
        ? dependentsOf(name, installed, manifests).filter((other) => !names.includes(other))
        : [];
      if (others.length === 0) continue;
      throw new ProvisioningError({
        code: 'TASKSERV_NEEDED',
        message: `Taskserv '${name}' is required by: ${others.join(', ')}`,
        hint: `On ${server.hostname}. Delete those first, or go on with --force.`,
      });
    }
  }
}

/** The definition with the taskservs on these servers, also where it no longer says so. */
function withEntries(infrastructure: Infrastructure, targets: TaskservTargets): Infrastructure {
  const servers = infrastructure.servers.map((server) => {
    if (!targets.hostnames.includes(server.hostname)) return server;
    const missing = namesOn(targets, server.hostname).filter((name) => !uses(server, name));
    const entries = missing.map((name) => ({ name, profile: 'default', enabled: true, config: {} }));
    return { ...server, taskservs: [...server.taskservs.filter(({ enabled }) => enabled), ...entries] };
  });
  return { ...infrastructure, servers };
}
