import type { Context, Plan as ProviderPlan, Price, Server } from '@provisioning/extensions-sdk';
import { hoursPerMonth, type InfrastructureCost } from './estimate.ts';
import { infraPath } from '../state/paths.ts';
import { StateFile } from '../state/state.ts';
import { type Load, readSamples, usualLoad } from '../utilisation/index.ts';

/** A way to pay less (05 §10). */
export interface CostAdvice {
  readonly kind: 'resize' | 'preemptible' | 'reserve';
  readonly server: string;
  readonly provider: string;
  readonly advice: string;
  /** The plan to take, of `resize`. */
  readonly plan?: string;
  /** Saved by the month where that can be said. */
  readonly saving: number | null;
  readonly currency: string;
}

const days = 7;
/** Percent of processors and memory below which the next smaller plan is enough. */
const low = 40;
const day = 86_400_000;
/** Days that a server has run after which it is likely to go on. */
const settledDays = 30;

/** Smaller plans for servers that need less, and hints for those that could be interrupted or reserved. */
export async function costAdvice(
  context: Context,
  infrastructure: { readonly servers: readonly Server[] },
  cost: InfrastructureCost,
): Promise<readonly CostAdvice[]> {
  const state = await new StateFile(infraPath(context)).read();
  const costs = new Map(cost.servers.map((one) => [one.hostname, one]));
  const now = context.now();
  const advice: CostAdvice[] = [];
  for (const server of infrastructure.servers) {
    const { hostname, provider: name } = server;
    const record = state.servers[hostname];
    const price = costs.get(hostname);
    if (record?.status !== 'running' || !price?.monthly) continue;
    const base = { server: hostname, provider: name, currency: price.currency };
    const load = usualLoad(await readSamples(context, hostname), days, now);
    const provider = await context.provider(name);
    if (load !== undefined && load.cpu < low && load.memory < low) {
      const [plans, prices] = await Promise.all([provider.listPlans(), provider.getPricing()]);
      const smaller = nextSmaller(record, load, plans, prices);
      if (smaller !== undefined) {
        advice.push({
          ...({ ...base, kind: 'resize', plan: smaller.plan } as const),
          advice: `${record.plan} -> ${smaller.plan}: ${load.cpu} % of processors and ${load.memory} % of memory are enough`,
          saving: price.parts.plan - smaller.monthly,
        });
      }
    }
    const { capabilities, reservations } = await context.providerMetadata(name);
    if (
      capabilities.spot_instances === true &&
      server.preemptible !== true &&
      !context.environment.startsWith('prod')
    )
      advice.push({
        ...({ ...base, kind: 'preemptible', saving: null } as const),
        advice: 'preemptible = true, where it may be interrupted',
      });
    const running = (now - Date.parse(record.created_at)) / day;
    if (reservations !== undefined && running >= settledDays)
      advice.push({
        ...({ ...base, kind: 'reserve', saving: null } as const),
        advice: `runs for ${Math.floor(running)} days: provisioning server reserve`,
      });
  }
  return advice;
}

interface Sized {
  readonly plan: string;
  readonly zone: string;
  readonly cores: number;
  readonly memory: number;
}

/** The dearest plan below that of a server which still holds twice what it uses. */
export function nextSmaller(
  server: Sized,
  load: Load,
  plans: readonly ProviderPlan[],
  prices: readonly Price[],
): { readonly plan: string; readonly monthly: number } | undefined {
  const monthly = (plan: string): number | undefined => {
    const price =
      prices.find((one) => one.plan === plan && one.zone === server.zone) ??
      prices.find((one) => one.plan === plan);
    return price && (price.monthly > 0 ? price.monthly : price.hourly * hoursPerMonth);
  };
  const now = monthly(server.plan);
  const own = plans.find(({ name }) => name === server.plan);
  if (now === undefined || own === undefined) return undefined;
  return plans
    .filter(
      ({ cores, memory_mb: memory, architecture, zones }) =>
        architecture === own.architecture &&
        (zones.length === 0 || zones.includes(server.zone)) &&
        cores <= server.cores &&
        memory <= server.memory &&
        cores >= (server.cores * load.cpu * 2) / 100 &&
        memory >= (server.memory * load.memory * 2) / 100,
    )
    .flatMap(({ name }) => {
      const amount = monthly(name);
      return amount === undefined || amount >= now ? [] : [{ plan: name, monthly: amount }];
    })
    .sort((a, b) => b.monthly - a.monthly)[0];
}
