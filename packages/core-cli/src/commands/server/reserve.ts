import { infraPath, StateFile } from '@provisioning/core';
import { openPriced } from '../../cost/prices.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

/** What a provider sells for servers that run. */
interface Offer {
  readonly provider: string;
  readonly plan: string;
  readonly zone: string;
  readonly servers: readonly string[];
  /** Paid by the month without a reservation. */
  readonly monthly: number | null;
  readonly currency: string;
  /** Months that can be promised. */
  readonly months: readonly number[];
  readonly url: string;
}

export default class ServerReserve extends ProvisioningCommand {
  static override summary = 'List what could be reserved for the servers that run';
  static override description =
    'Servers that run the same plan in the same zone are one offer. Nothing is ever bought: the address of the provider is\nshown, where it is done.';
  static override spec: CommandSpec = { access: '-' };
  static override examples = ['provisioning server reserve', 'provisioning server reserve --out json'];

  async run(): Promise<void> {
    await this.parse(ServerReserve);
    await using priced = await openPriced(this);
    const { context } = priced.session;
    const { servers } = await new StateFile(infraPath(context)).read();
    const costs = new Map(priced.cost.servers.map((cost) => [cost.hostname, cost]));
    const offers = new Map<string, Offer>();
    const without = new Set<string>();
    for (const [hostname, { provider, plan, zone, status }] of Object.entries(servers)) {
      if (status !== 'running') continue;
      const { reservations } = await context.providerMetadata(provider);
      if (reservations === undefined) {
        without.add(provider);
        continue;
      }
      const key = `${provider}\0${plan}\0${zone}`;
      const known = offers.get(key);
      const price = costs.get(hostname);
      const amount = price?.parts.plan ?? 0;
      offers.set(key, {
        ...{ provider, plan, zone, months: reservations.months, url: reservations.url },
        servers: [...(known?.servers ?? []), hostname],
        monthly: price?.monthly == null ? (known?.monthly ?? null) : (known?.monthly ?? 0) + amount,
        currency: price?.currency ?? known?.currency ?? '',
      });
    }
    const rows = [...offers.values()];
    if (without.size > 0) this.out.info(`No reservations at ${[...without].join(', ')}`);
    await this.out.list(
      rows,
      [
        { title: 'PROVIDER', value: ({ provider }) => provider },
        { title: 'PLAN', value: ({ plan }) => plan },
        { title: 'ZONE', value: ({ zone }) => zone },
        { title: 'SERVERS', value: (row) => row.servers.join(', ') },
        {
          title: 'MONTHLY NOW',
          value: ({ monthly, currency }) => (monthly === null ? 'n/a' : `${monthly.toFixed(2)} ${currency}`),
          align: 'right',
        },
        { title: 'MONTHS', value: ({ months }) => months.join(', ') },
        { title: 'WHERE', value: ({ url }) => url },
      ],
      'reservation offers',
    );
  }
}
