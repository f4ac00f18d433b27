import type { Change, Context, OperationNode, Server } from '@provisioning/extensions-sdk';
import { loadBalancerEnsure } from '../operations/network/load-balancer.ts';
import { deletionNode } from './deploy.ts';
import { aroundServers } from './network.ts';
import { planServers, type ServerCreationOptions } from './servers.ts';

/** What changes when a group gets another size. */
export interface ScalePlan {
  /** Members before. */
  readonly current: number;
  readonly changes: readonly Change[];
  readonly graph: readonly OperationNode[];
  readonly blocked: readonly string[];
  readonly warnings: readonly string[];
}

type Infrastructure = Parameters<typeof planServers>[1];

/**
 * Plans a group of another size (05 §4.3) from the definition as it is and as it shall be: new members are made, those
 * that are no more go, newest first.
 */
export async function planScale(
  context: Context,
  before: Infrastructure,
  after: Infrastructure,
  group: string,
  options: Pick<ServerCreationOptions, 'readOnly'> = {},
): Promise<ScalePlan> {
  const current = before.servers.filter((server) => server['group'] === group);
  const members = after.servers.filter((server) => server['group'] === group);
  const staying = new Set(members.map(({ hostname }) => hostname));
  const removed = current.filter(({ hostname }) => !staying.has(hostname)).reverse();
  const creation =
    members.length === 0
      ? await withoutMembers(context, after, removed)
      : await planServers(context, after, { names: [group], ...options });
  const base = { kind: 'server' } as const;
  const made = creation.graph.filter(({ type }) => type === 'server.create');
  // Load balancers let go of a server before it goes.
  const first = creation.graph.filter(({ type }) => type === loadBalancerEnsure.type).map(({ id }) => id);
  return {
    current: current.length,
    changes: [
      ...made.map(({ name }): Change => ({ ...base, name, action: 'create' })),
      ...creation.records.filter(({ action }) => action !== 'unchanged'),
      ...removed.map(({ hostname }): Change => ({ ...base, name: hostname, action: 'delete' })),
    ],
    graph: [
      ...creation.graph,
      ...removed.map(({ hostname, provider }) => ({
        ...deletionNode(hostname, provider),
        dependencies: first,
      })),
    ],
    blocked: removed.filter(({ lock }) => lock).map(({ hostname }) => `Server '${hostname}' is locked`),
    warnings: creation.warnings,
  };
}

/** No servers to make: load balancers, at the provider of those that were there, let go of them. */
async function withoutMembers(
  context: Context,
  { servers, network }: Infrastructure & { readonly network?: unknown },
  removed: readonly Server[],
): Promise<Pick<Awaited<ReturnType<typeof planServers>>, 'graph' | 'records' | 'warnings'>> {
  const { changes: records, ...around } = await aroundServers(
    context,
    { servers: [...removed, ...servers], network },
    [],
  );
  return { ...around, records };
}
