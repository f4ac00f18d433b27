import type {
  Change,
  Context,
  LoadBalancerTarget,
  Network,
  ObservedLoadBalancer,
  OperationNode,
} from '@provisioning/extensions-sdk';
import type { Infrastructure } from '../infra/infrastructure.ts';
import { loadBalancerEnsure } from '../operations/network/load-balancer.ts';
import { networkEnsure } from '../operations/network/network.ts';
import { referOf } from '../operations/network/targets.ts';
import { readShares, withShares } from '../traffic/shares.ts';
import type { Plan } from './plan.ts';

type Balancer = NonNullable<Network['load_balancers']>[number];
type Planned = Pick<Plan, 'changes' | 'graph' | 'warnings'>;
type Defined = Pick<Infrastructure, 'servers'> & { readonly network?: unknown };

/**
 * What `network create` and `update` do (05 §4.5): the VPC at every provider of the infrastructure, then its load
 * balancers, each at the provider of its servers.
 */
export async function planNetwork(context: Context, infrastructure: Infrastructure): Promise<Plan> {
  const networks = await planNetworks(context, infrastructure);
  const before = networks.graph.map(({ id }) => id);
  const balancers = await planBalancers(context, infrastructure, { before });
  const { name: infra, environment } = infrastructure;
  return {
    ...{ workspace: context.workspace.name, infra, environment, blocked: [] },
    changes: [...networks.changes, ...balancers.changes],
    graph: [...networks.graph, ...balancers.graph],
    warnings: [...networks.warnings, ...balancers.warnings],
  };
}

/**
 * Network and load balancers with the servers of a plan (05 §7.3.7): servers wait for the network of their provider,
 * load balancers for the servers they name.
 * @param servers nodes of the servers that are made or changed.
 * @param options `ask`: whether a provider may be asked what is there. Default: every one.
 */
export async function aroundServers(
  context: Context,
  infrastructure: Defined,
  servers: readonly OperationNode[],
  options: Asking = {},
): Promise<Planned> {
  const networks = await planNetworks(context, infrastructure, options);
  const waits = new Map(
    networks.graph.map(({ id, input }) => [(input as { provider: string }).provider, id]),
  );
  const known = providers(infrastructure);
  const moving = new Map(servers.map(({ name, id }) => [name, id]));
  const balancers = await planBalancers(context, infrastructure, {
    ...options,
    before: networks.graph.map(({ id }) => id),
    moving,
  });
  return {
    changes: [...networks.changes, ...balancers.changes],
    warnings: [...networks.warnings, ...balancers.warnings],
    graph: [
      ...networks.graph,
      ...servers.map((node) => {
        const network = waits.get(known.get(node.name) ?? '');
        return network === undefined ? node : { ...node, dependencies: [...node.dependencies, network] };
      }),
      ...balancers.graph,
    ],
  };
}

/** The provider a load balancer is made at: that of its servers, or of the first server of the infrastructure. */
export function providerOf(
  { targets }: Pick<Balancer, 'targets'>,
  infrastructure: Defined,
): string | undefined {
  const known = providers(infrastructure);
  const [own] = targets.flatMap((target) => known.get(target) ?? []);
  return own ?? infrastructure.servers[0]?.provider;
}

function providers({ servers }: Defined): ReadonlyMap<string, string> {
  return new Map(servers.map(({ hostname, provider }) => [hostname, provider]));
}

async function planNetworks(
  context: Context,
  infrastructure: Defined,
  { ask = everyOne }: Asking = {},
): Promise<Planned> {
  const { vpc, subnets = [] } = (infrastructure.network ?? {}) as Network;
  const changes: Change[] = [];
  const graph: OperationNode[] = [];
  const warnings: string[] = [];
  for (const provider of vpc === undefined ? [] : new Set(providers(infrastructure).values())) {
    if ((await context.provider(provider)).network === undefined) {
      warnings.push(`Provider '${provider}' has no networks: its servers are not in ${vpc!.name}`);
      continue;
    }
    const input = { provider, network: { ...vpc!, subnets } };
    const unknown: Change = { kind: 'network', name: vpc!.name, action: 'create' };
    const [change] = ask(provider) ? await networkEnsure.plan(context, input) : [unknown];
    changes.push({ ...change!, name: `${provider}/${vpc!.name}` });
    if (change!.action === 'unchanged') continue;
    graph.push({
      ...{ id: `network-${provider}`, type: networkEnsure.type, name: `${provider}/${vpc!.name}` },
      ...{ input, dependencies: [] },
    });
  }
  return { changes, graph, warnings };
}

interface Asking {
  readonly ask?: (provider: string) => boolean;
}

const everyOne = (): boolean => true;

interface BalancerOptions extends Asking {
  readonly before: readonly string[];
  /** Nodes of servers that are made or changed, by hostname. Absent: balancers alone are planned. */
  readonly moving?: ReadonlyMap<string, string>;
}

async function planBalancers(
  context: Context,
  infrastructure: Defined,
  { ask = everyOne, before, moving }: BalancerOptions,
): Promise<Planned> {
  const { load_balancers: balancers = [] } = (infrastructure.network ?? {}) as Network;
  const changes: Change[] = [];
  const graph: OperationNode[] = [];
  const there = new Map<string, readonly ObservedLoadBalancer[] | undefined>();
  const shares = balancers.length === 0 ? {} : await readShares(context.workspace.path, context.infra);
  for (const balancer of balancers) {
    const provider = providerOf(balancer, infrastructure);
    if (provider === undefined) continue;
    const targets = weightedTargets(balancer, context.infra, shares);
    const waits = balancer.targets.flatMap((target) => moving?.get(target) ?? []);
    const input = { provider, balancer: { ...balancer, targets } };
    if (ask(provider) && !there.has(provider))
      there.set(provider, await (await context.provider(provider)).loadBalancer?.list?.());
    const change = ask(provider)
      ? await changeOf(context, input, there.get(provider), moving === undefined ? undefined : waits)
      : ({ kind: 'load-balancer', name: balancer.name, action: 'create' } as const);
    changes.push(change);
    if (change.action === 'unchanged') continue;
    graph.push({
      id: `load-balancer-${balancer.name}`.slice(0, 64),
      type: loadBalancerEnsure.type,
      name: `${provider}/${balancer.name}`,
      input,
      dependencies: [...before, ...waits],
    });
  }
  return { changes, graph, warnings: [] };
}

/**
 * With servers, a load balancer is left alone that is there, has its ports, and whose servers stay. Which servers it
 * has, not every provider tells: alone, they are given again, which changes nothing where they are the same.
 */
async function changeOf(
  context: Context,
  input: {
    readonly provider: string;
    readonly balancer: WeightedBalancer;
  },
  there: readonly ObservedLoadBalancer[] | undefined,
  waits: readonly string[] | undefined,
): Promise<Change> {
  const { balancer } = input;
  const found = there?.find(({ name }) => name === balancer.name);
  const missing = balancer.listeners.some(({ port }) => found?.ports.includes(port) !== true);
  const [change] = await loadBalancerEnsure.plan(context, input);
  if (found === undefined || missing || (waits?.length ?? 0) > 0) return change!;
  const same =
    found.targets === undefined
      ? waits !== undefined
      : sameTargets(found.targets, await referOf(context, balancer.targets).catch(() => undefined));
  return same ? { kind: 'load-balancer', name: balancer.name, action: 'unchanged' } : change!;
}

function sameTargets(
  there: NonNullable<ObservedLoadBalancer['targets']>,
  wished: readonly LoadBalancerTarget[] | undefined,
): boolean {
  const text = (list: readonly { readonly id?: string; readonly weight: number }[]): string =>
    JSON.stringify(list.map(({ id, weight }) => `${id} ${weight}`).sort());
  if (wished === undefined) return false;
  const active = wished.filter(({ weight }) => weight > 0);
  return text(there) === text(active.map(({ ref, weight }) => ({ id: ref.id, weight })));
}

type WeightedBalancer = Omit<Balancer, 'targets'> & { readonly targets: Weighted[] };

interface Weighted {
  /** A hostname, or `infra/hostname`. */
  readonly server: string;
  readonly weight: number;
}

/** The servers of a load balancer with the shares that `network switch` gave their infrastructures. */
export function weightedTargets(
  { targets }: Pick<Balancer, 'targets'>,
  own: string,
  shares: Readonly<Record<string, number>>,
): Weighted[] {
  const weighted = withShares(
    targets.map((server): { server: string; weight?: number } => ({ server })),
    own,
    shares,
  );
  // Shares are of 256, weights of providers of 100.
  return weighted.map(({ server, weight = 256 }) => ({
    server,
    weight: weight === 0 ? 0 : Math.max(1, Math.round(weight / 2.56)),
  }));
}
