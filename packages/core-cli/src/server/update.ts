import { operations, selectServers } from '@provisioning/core';
import type { Change, OperationNode, Server } from '@provisioning/extensions-sdk';
import { parseDuration } from '../argv/duration.ts';
import type { ProvisioningCommand } from '../frame/command.ts';
import { carryOut } from '../plan/carry-out.ts';
import type { InfrastructureSession } from '../session/infrastructure.ts';
import { counted } from '../output/counted.ts';

export interface UpdateOptions {
  readonly rolling: boolean;
  readonly batchSize: number;
  readonly interval: string;
  readonly resume: boolean;
  readonly healthCommand?: string;
}

/** `server update` (05 §7.4, §8.2): what differs, changed in place; rolling as one operation that knows its batches. */
export async function updateServers(
  command: ProvisioningCommand,
  session: InfrastructureSession,
  names: readonly string[] | undefined,
  options: UpdateOptions,
): Promise<void> {
  const { infrastructure, context } = session;
  const operation = operations.get('server.update')!;
  const chosen = selectServers(infrastructure, names);
  const planned = await Promise.all(
    chosen.map(async (server) => ({ server, change: (await operation.plan(context, { server }))[0]! })),
  );
  const changes = planned.filter(({ change }) => change.action !== 'create');
  const due = changes.filter(({ change }) => change.action === 'update').map(({ server }) => server);
  const graph = options.rolling ? rolling(session, chosen, due, options) : due.map(single);
  const total = counted(due.length, 'server');
  await carryOut(
    command,
    session,
    {
      workspace: context.workspace.name,
      infra: infrastructure.name,
      environment: infrastructure.environment,
      changes: changes.map(({ change }): Change => change),
      graph,
      blocked: changes
        .filter(({ change }) => change.action === 'replace')
        .map(({ server, change }) => `${server.hostname} requires recreate (${attributes(change)})`),
      warnings: [],
    },
    {
      name: `server update ${infrastructure.name}`,
      command: 'server.update',
      kind: 'server',
      nothing: 'Nothing to do: the servers are as defined',
      done: options.rolling ? `Rolling update completed: ${total}` : `Updated ${total}`,
      question: `Update ${due.map(({ hostname }) => hostname).join(', ') || 'the rest'}?`,
      story: options.rolling,
      confirm: session.configuration.get('preferences.confirm_deploy') !== false,
    },
  );
}

function attributes({ attributes: list = [] }: Change): string {
  return list.map(({ attribute }) => attribute).join(', ');
}

function single(server: Server): OperationNode {
  return {
    id: `update-${server.hostname}`,
    type: 'server.update',
    name: server.hostname,
    input: { server },
    dependencies: [],
    resources: [`server/${server.hostname}`],
  };
}

function rolling(
  { infrastructure }: InfrastructureSession,
  chosen: readonly Server[],
  due: readonly Server[],
  options: UpdateOptions,
): OperationNode[] {
  // A resumed run looks at all again: servers of the batch that failed are as they were before.
  const servers = options.resume ? chosen : due;
  if (servers.length === 0) return [];
  const admin = infrastructure.servers.find(
    ({ hostname }) => hostname === infrastructure.settings.cluster_admin_host,
  );
  return [
    {
      id: 'rolling-update',
      type: 'server.rollout',
      name: `rolling update of ${counted(servers.length, 'server')}`,
      input: {
        servers,
        target_version: 'definition',
        batch_size: options.batchSize,
        interval: parseDuration(options.interval, 'health-check-interval') * 1000,
        resume: options.resume,
        ...(options.healthCommand === undefined ? {} : { health_command: options.healthCommand }),
        ...(admin === undefined
          ? {}
          : { control_plane: { hostname: admin.hostname, provider: admin.provider } }),
      },
      dependencies: [],
      resources: servers.map(({ hostname }) => `server/${hostname}`),
    },
  ];
}
