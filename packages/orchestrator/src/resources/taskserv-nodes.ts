import { type Infrastructure, TaskservPackages, taskservsOf } from '@provisioning/core';
import { type OperationNode, ProvisioningError, type Server } from '@provisioning/extensions-sdk';
import type { OpenedInfrastructure } from './infrastructures.ts';
import { serverNotFound } from './server-nodes.ts';

/** Operations on a taskserv that there is an operation for (13 §4). */
export const taskservOperations = ['create', 'update', 'delete'] as const;
export type TaskservOperation = (typeof taskservOperations)[number];

export interface TaskservWork {
  readonly operation: TaskservOperation;
  readonly names: readonly string[];
  /** Absent: servers whose definition has one of them. */
  readonly servers?: readonly string[];
  readonly version?: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly cleanupData?: boolean;
}

/**
 * The operations of a taskserv workflow: those of one server one after another, servers side by side. Whether something
 * is to be done is found out on the server when the operation runs.
 * @throws ProvisioningError `SERVER_NOT_FOUND`, `TASKSERV_NOT_FOUND`, `NO_SERVER`
 */
export async function taskservNodes(
  { definition, context, project }: OpenedInfrastructure,
  work: TaskservWork,
): Promise<OperationNode[]> {
  for (const name of work.names) await project.extensions.get('taskserv', name);
  const packages = new TaskservPackages();
  const nodes: OperationNode[] = [];
  for (const server of hosts(definition, work)) {
    const planned = await taskservsOf(context, withEntries(server, work), definition, packages);
    let previous: string | undefined;
    for (const { use, references } of planned) {
      if (!work.names.includes(use.name)) continue;
      const id = `${server.hostname}.${use.name}`;
      nodes.push({
        id,
        type: work.operation === 'delete' ? 'taskserv.delete' : 'taskserv.create',
        name: `${use.name} on ${server.hostname}`,
        input: {
          server: { hostname: server.hostname, provider: server.provider },
          taskserv: use,
          references,
          ...(work.operation === 'delete' ? { cleanup_data: work.cleanupData ?? false } : {}),
        },
        dependencies: previous === undefined ? [] : [previous],
        resources: [`server/${server.hostname}`],
      });
      previous = id;
    }
  }
  return nodes;
}

function hosts(definition: Infrastructure, work: TaskservWork): readonly Server[] {
  if (work.servers !== undefined) {
    return work.servers.map((name) => {
      const server = definition.servers.find(({ hostname }) => hostname === name);
      if (server) return server;
      throw serverNotFound(name, definition.servers);
    });
  }
  const found = definition.servers.filter(({ taskservs }) =>
    taskservs.some(({ name, enabled }) => enabled && work.names.includes(name)),
  );
  if (found.length > 0) return found;
  throw new ProvisioningError({
    code: 'NO_SERVER',
    kind: 'usage',
    message: `No server of '${definition.name}' has ${work.names.join(', ')} in its definition`,
    hint: 'Name the servers in servers[]',
    details: [{ path: '/servers', message: 'is needed where the definition names no server' }],
  });
}

/** The server with the wanted taskservs on it, also where its definition does not say so yet. */
function withEntries(server: Server, { names, version, config }: TaskservWork): Server {
  const changes = {
    enabled: true,
    ...(version === undefined ? {} : { version }),
  };
  const kept = server.taskservs.map((entry) =>
    names.includes(entry.name) ? { ...entry, ...changes, config: { ...entry.config, ...config } } : entry,
  );
  const added = names
    .filter((name) => !server.taskservs.some((entry) => entry.name === name))
    .map((name) => ({ name, profile: 'default', ...changes, config: { ...config } }));
  return { ...server, taskservs: [...kept, ...added] };
}
