import type { Context } from '@provisioning/extensions-sdk';
import type { Infrastructure } from '../infra/infrastructure.ts';
import type { Switchable } from '../infra/traffic.ts';
import { installTaskserv } from '../operations/taskserv/install.ts';
import { type PlannedTaskserv, taskservsOf } from './uses.ts';
import { TaskservPackages } from '../taskserv/package.ts';
import { resolveTaskservConfig } from '../taskserv/configuration.ts';
import { placeOfServer, serverLists, writeShares } from '../traffic/shares.ts';

/** A taskserv that spreads traffic over servers of two infrastructures, on the server it runs on. */
export interface Balancer {
  readonly infra: string;
  readonly hostname: string;
  readonly provider: string;
  readonly planned: PlannedTaskserv;
}

/** Balancers of an infrastructure whose backends have servers of both. */
export async function balancersBetween(
  context: Context,
  infrastructure: Infrastructure,
  from: string,
  to: string,
): Promise<readonly Balancer[]> {
  const packages = new TaskservPackages();
  const found: Balancer[] = [];
  for (const server of infrastructure.servers) {
    if (server.taskservs.length === 0) continue;
    for (const planned of await taskservsOf(context, server, infrastructure, packages)) {
      const taskserv = await packages.load(await context.extension('taskserv', planned.use.name));
      const config = resolveTaskservConfig(taskserv, planned.use, server.hostname);
      const both = serverLists(config).some((list) => {
        const infras = new Set(list.map((one) => placeOfServer(one.server, infrastructure.name).infra));
        return infras.has(from) && infras.has(to);
      });
      if (!both) continue;
      const { hostname, provider } = server;
      found.push({ infra: infrastructure.name, hostname, provider, planned });
    }
  }
  return found;
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
        const { infra, hostname, provider, planned } = balancer;
        await writeShares(context.workspace.path, infra, { [from]: 100 - percent, [to]: percent });
        // A step that has begun is finished, and a way back is gone to its end.
        const whole = { ...context, signal: new AbortController().signal };
        await installTaskserv(
          whole,
          { server: { hostname, provider }, taskserv: planned.use, references: [...planned.references] },
          { operation: `network switch ${from} ${to}` },
        );
      }
    },
  };
}
