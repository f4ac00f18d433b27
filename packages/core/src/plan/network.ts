import type { Change, Context, Network, OperationNode } from '@provisioning/extensions-sdk';
import type { Infrastructure } from '../infra/infrastructure.ts';
import { loadBalancerEnsure } from '../operations/network/load-balancer.ts';
import { networkEnsure } from '../operations/network/network.ts';
import type { Plan } from './plan.ts';

/**
 * What `network create` and `update` do (05 §4.5): the VPC at every provider of the infrastructure, then its load
 * balancers, each at the provider of its servers.
 */
export async function planNetwork(
  context: Context,
  infrastructure: Infrastructure,
  options: { readonly ask: boolean } = { ask: true },
): Promise<Plan> {
  const { vpc, subnets = [], load_balancers: balancers = [] } = infrastructure.network as Network;
  const changes: Change[] = [];
  const graph: OperationNode[] = [];
  const providerOf = new Map(infrastructure.servers.map(({ hostname, provider }) => [hostname, provider]));
  const providers = vpc === undefined ? [] : [...new Set(providerOf.values())];
  for (const provider of providers) {
    const input = { provider, network: { ...vpc!, subnets } };
    const unknown: Change = { kind: 'network', name: vpc!.name, action: 'create' };
    const [change] = options.ask ? await networkEnsure.plan(context, input) : [unknown];
    changes.push({ ...change!, name: `${provider}/${vpc!.name}` });
    if (change!.action === 'unchanged') continue;
    graph.push({
      id: `network-${provider}`,
      type: networkEnsure.type,
      name: `${provider}/${vpc!.name}`,
      input,
      dependencies: [],
    });
  }
  const networks = graph.map(({ id }) => id);
  for (const balancer of balancers) {
    const provider = providerOf.get(balancer.targets[0] ?? '') ?? infrastructure.servers[0]?.provider;
    if (provider === undefined) continue;
    const input = { provider, balancer };
    const unknown: Change = { kind: 'load-balancer', name: balancer.name, action: 'create' };
    changes.push(...(options.ask ? await loadBalancerEnsure.plan(context, input) : [unknown]));
    graph.push({
      id: `load-balancer-${balancer.name}`.slice(0, 64),
      type: loadBalancerEnsure.type,
      name: `${provider}/${balancer.name}`,
      input,
      dependencies: networks,
    });
  }
  const { name: infra, environment } = infrastructure;
  return { workspace: context.workspace.name, infra, environment, changes, graph, blocked: [], warnings: [] };
}
