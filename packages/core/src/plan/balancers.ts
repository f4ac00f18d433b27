import type { Context, Network } from '@provisioning/extensions-sdk';
import type { Infrastructure } from '../infra/infrastructure.ts';
import type { Switchable } from '../infra/traffic.ts';
import { loadBalancerEnsure } from '../operations/network/load-balancer.ts';
import { installTaskserv } from '../operations/taskserv/install.ts';
import { taskservsOf } from './uses.ts';
import { TaskservPackages } from '../taskserv/package.ts';
import { resolveTaskservConfig } from '../taskserv/configuration.ts';
import { placeOfServer, readShares, serverLists, writeShares } from '../traffic/shares.ts';
import { providerOf, weightedTargets } from './network.ts';

/** What spreads traffic over servers of two infrastructures: a taskserv on a server, or a provider's load balancer. */
export interface Balancer {
  readonly infra: string;
  /** The server it runs on, or its own name. */
  readonly name: string;
  /** Makes it keep the shares that are written down, without a connection lost. */
  adjust(context: Context, operation: string): Promise<unknown>;
}

/** Balancers of an infrastructure whose backends have servers of both. */
export async function balancersBetween(
  context: Context,
  infrastructure: Infrastructure,
  from: string,
  to: string,
): Promise<readonly Balancer[]> {
  const both = (servers: readonly string[]): boolean => {
    const infras = new Set(servers.map((server) => placeOfServer(server, infrastructure.name).infra));
    return infras.has(from) && infras.has(to);
  };
  const { load_balancers: defined = [] } = infrastructure.network as Network;
  const found: Balancer[] = defined
    .filter(({ targets }) => both(targets))
    .flatMap((balancer) => {
      const provider = providerOf(balancer, infrastructure);
      return provider === undefined ? [] : [atProvider(balancer, provider, infrastructure.name)];
    });
  const packages = new TaskservPackages();
  for (const server of infrastructure.servers) {
    if (server.taskservs.length === 0) continue;
    for (const planned of await taskservsOf(context, server, infrastructure, packages)) {
      const taskserv = await packages.load(await context.extension('taskserv', planned.use.name));
      const config = resolveTaskservConfig(taskserv, planned.use, server.hostname);
      if (!serverLists(config).some((list) => both(list.map((one) => one.server)))) continue;
      const { hostname, provider } = server;
      found.push({
        infra: infrastructure.name,
        name: hostname,
        adjust: (running, operation) =>
          installTaskserv(
            running,
            { server: { hostname, provider }, taskserv: planned.use, references: [...planned.references] },
            { operation },
          ),
      });
    }
  }
  return found;
}

function atProvider(
  balancer: NonNullable<Network['load_balancers']>[number],
  provider: string,
  infra: string,
): Balancer {
  return {
    infra,
    name: balancer.name,
    adjust: async (context) => {
      const targets = weightedTargets(balancer, infra, await readShares(context.workspace.path, infra));
      return loadBalancerEnsure.run(context, { provider, balancer: { ...balancer, targets } });
    },
  };
}

/**
 * Load balancers as something traffic can be moved on (05 §8.3): the share is written down, so that later deploys keep
 * it, and each balancer is configured anew, without a connection lost.
 */
export function balancerEndpoint(
  balancers: readonly { readonly context: Context; readonly balancer: Balancer }[],
  from: string,
  to: string,
): Switchable | undefined {
  if (balancers.length === 0) return undefined;
  return {
    kind: 'load-balancer',
    async setWeight(percent) {
      for (const { context, balancer } of balancers) {
        await writeShares(context.workspace.path, balancer.infra, { [from]: 100 - percent, [to]: percent });
        // A step that has begun is finished, and a way back is gone to its end.
        const whole = { ...context, signal: new AbortController().signal };
        await balancer.adjust(whole, `network switch ${from} ${to}`);
      }
    },
  };
}
