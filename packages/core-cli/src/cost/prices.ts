import {
  compareOffers,
  costText,
  infrastructureCost,
  listInfrastructures,
  observeReachable,
  type PlanOffer,
  type PlannedCost,
  priceServers,
  selectServers,
  type ServerCost,
} from '@provisioning/core';
import type { ProvisioningCommand } from '../frame/command.ts';
import type { Column } from '../output/table.ts';
import { select } from '../session/workspace.ts';
import { type InfrastructureSession, openInfrastructure } from '../session/infrastructure.ts';

export interface PricedSession extends AsyncDisposable {
  readonly session: InfrastructureSession;
  readonly cost: PlannedCost;
}

export interface PriceOptions {
  readonly detailed?: boolean;
  readonly monthly?: boolean;
  readonly compare?: boolean;
  readonly provider?: string;
  /** Every infrastructure of the workspace. */
  readonly all?: boolean;
}

interface PricedServer extends ServerCost {
  readonly infra: string;
  readonly offers?: readonly PlanOffer[];
}

/** Prices of the servers of the definition, as their providers state them (05 §10). */
export async function pricesOf(
  session: InfrastructureSession,
  names: readonly string[] | undefined,
  provider?: string,
): Promise<PlannedCost> {
  const { context, infrastructure } = session;
  const servers = selectServers(infrastructure, names).filter(
    (server) => provider === undefined || server.provider === provider,
  );
  const observed = await observeReachable(context, [...new Set(servers.map((server) => server.provider))]);
  return priceServers(context, servers, observed);
}

/** Says which prices are missing, and why. */
export function warnUnpriced({ out }: ProvisioningCommand, { unpriced }: PlannedCost): void {
  for (const { provider, reason } of unpriced) out.warn(`No prices of ${provider}: ${reason}`);
}

/** An infrastructure with what its servers cost; which prices are missing is said. */
export async function openPriced(command: ProvisioningCommand): Promise<PricedSession> {
  const session = await openInfrastructure(command);
  const close = (): PromiseLike<void> => session[Symbol.asyncDispose]();
  try {
    const cost = await pricesOf(session, undefined);
    warnUnpriced(command, cost);
    return { session, cost, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** `server price` (05 §10). */
export async function showPrices(
  command: ProvisioningCommand,
  names: readonly string[] | undefined,
  options: PriceOptions,
): Promise<void> {
  const { out } = command;
  const infras = options.all ? await listInfrastructures((await select(command, 'none')).path) : [undefined];
  const servers: PricedServer[] = [];
  for (const infra of infras) {
    await using session = await openInfrastructure(command, infra);
    const prices = await pricesOf(session, names, options.provider);
    warnUnpriced(command, prices);
    const offers = options.compare ? await offersFor(session, prices.servers) : undefined;
    for (const server of prices.servers) {
      servers.push({
        ...server,
        infra: session.selection.infra,
        ...(offers === undefined ? {} : { offers: offers.get(server.hostname) ?? [] }),
      });
    }
  }
  const { totals, incomplete } = infrastructureCost(servers);
  await out.result({ servers, totals, incomplete }, () => [
    ...(servers.length === 0 ? ['No servers found'] : out.table(servers, columns(options))),
    '',
    `Total: ${costText({ servers, totals, incomplete })}`,
    ...(options.compare ? ['', ...comparison(servers)] : []),
  ]);
}

function columns({ monthly, detailed, all }: PriceOptions): readonly Column<PricedServer>[] {
  const part = (name: keyof ServerCost['parts'], title: string): Column<PricedServer> => ({
    title,
    value: (row) => (row.monthly === null ? 'n/a' : row.parts[name].toFixed(2)),
    align: 'right',
  });
  return [
    { title: 'HOSTNAME', value: (row) => row.hostname },
    ...(all ? [{ title: 'INFRA', value: (row: PricedServer) => row.infra }] : []),
    { title: 'PROVIDER', value: (row) => row.provider },
    { title: 'PLAN', value: (row) => row.plan || '-' },
    { title: 'ZONE', value: (row) => row.zone || '-' },
    ...(detailed
      ? [
          part('plan', 'PLAN COST'),
          part('volumes', 'VOLUMES'),
          part('public_ip', 'ADDRESS'),
          part('backups', 'BACKUPS'),
        ]
      : []),
    {
      title: monthly ? 'MONTHLY' : 'HOURLY',
      value: (row) => amount(monthly ? row.monthly : row.hourly, row.currency, monthly ? 2 : 4),
      align: 'right',
    },
  ];
}

function amount(value: number | null, currency: string, digits: number): string {
  return value === null ? 'n/a' : `${value.toFixed(digits)} ${currency}`.trim();
}

/** The cheapest plan of each provider there is that holds a server. */
async function offersFor(
  session: InfrastructureSession,
  costs: readonly ServerCost[],
): Promise<ReadonlyMap<string, readonly PlanOffer[]>> {
  const { context, infrastructure, project } = session;
  const names = (await project.extensions.list('provider')).map(({ name }) => name);
  const providers = await Promise.all(
    names.map(async (name) => {
      try {
        const provider = await context.provider(name);
        const [plans, prices] = await Promise.all([provider.listPlans(), provider.getPricing()]);
        return [{ name, plans, prices }];
      } catch {
        // A provider that is not set up here has no offer.
        return [];
      }
    }),
  );
  const defined = new Map(infrastructure.servers.map((server) => [server.hostname, server]));
  return new Map(
    costs.map(({ hostname, monthly }) => {
      const server = defined.get(hostname)!;
      return [hostname, compareOffers(server, monthly ?? 0, providers.flat())];
    }),
  );
}

function comparison(servers: readonly PricedServer[]): string[] {
  return servers.flatMap(({ hostname, offers = [] }) => [
    `${hostname}:`,
    ...offers.map(
      ({ provider, plan, monthly, currency, difference }) =>
        `  ${provider} ${plan || 'own size'}: ${amount(monthly, currency, 2)}/month (${difference > 0 ? '+' : ''}${difference.toFixed(2)})`,
    ),
  ]);
}
