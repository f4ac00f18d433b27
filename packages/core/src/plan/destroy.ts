import type { Change, Context, OperationNode } from '@provisioning/extensions-sdk';
import { infraPath } from '../state/paths.ts';
import { StateFile } from '../state/state.ts';
import { type DefinedInfrastructure, deletionNode, matches } from './deploy.ts';
import { recordDeletions } from './dns.ts';
import { observeProviders } from './observe.ts';
import { planAround } from './removal.ts';
import type { Plan } from './plan.ts';

/**
 * Everything of this infrastructure that the providers report under our tags, defined or not, to be deleted. Locked
 * servers block it.
 */
export async function planDestroy(
  context: Context,
  infrastructure: DefinedInfrastructure,
  options: {
    readonly targets?: readonly string[];
    readonly keepStorage?: boolean;
    readonly force?: boolean;
    /** Load balancers and the VPC too: nothing of the infrastructure stays. */
    readonly everything?: boolean;
  } = {},
): Promise<Plan> {
  const state = await new StateFile(infraPath(context)).read();
  const providers = new Set([
    ...infrastructure.servers.map(({ provider }) => provider),
    ...Object.values(state.servers).map(({ provider }) => provider),
  ]);
  const observed = await observeProviders(context, [...providers]);
  const locked = new Set(infrastructure.servers.filter(({ lock }) => lock).map(({ hostname }) => hostname));
  const changes: Change[] = [];
  const graph: OperationNode[] = [];
  const blocked: string[] = [];
  for (const [provider, { servers }] of observed) {
    for (const { hostname } of servers.values()) {
      if (!matches(hostname, options.targets)) continue;
      changes.push({ kind: 'server', name: hostname, action: 'delete' });
      graph.push(deletionNode(hostname, provider, options.keepStorage));
      if (locked.has(hostname) && options.force !== true) blocked.push(`Server '${hostname}' is locked`);
    }
  }
  if (infrastructure.dns !== undefined && infrastructure.dns.length > 0) {
    const gone = new Set(changes.map(({ name }) => name));
    const records = recordDeletions(infrastructure.dns, infrastructure.servers, gone);
    changes.push(...records.changes);
    graph.push(...records.graph);
  }
  if (options.everything === true) {
    const around = await planAround(context, infrastructure, graph);
    changes.push(...around.changes);
    graph.splice(0, graph.length, ...around.graph);
  }
  return {
    workspace: context.workspace.name,
    infra: infrastructure.name,
    environment: infrastructure.environment,
    changes,
    graph,
    blocked,
    warnings: [],
  };
}
