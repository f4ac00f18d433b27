import { type CostShare, costBreakdown } from '@provisioning/core';
import { openPriced } from '../../cost/prices.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import type { Column } from '../../output/table.ts';

const columns = (title: string): readonly Column<CostShare>[] => [
  { title, value: ({ name }) => name },
  {
    title: 'MONTHLY',
    value: ({ monthly, currency }) => `${monthly.toFixed(2)} ${currency}`.trim(),
    align: 'right',
  },
];

export default class CostBreakdown extends ProvisioningCommand {
  static override summary = 'Show what the money goes to: parts, servers, cost centers';
  static override description = 'A cost center is the tag or label cost_center of a server.';
  static override spec: CommandSpec = { access: '-' };
  static override examples = ['provisioning cost breakdown', 'provisioning cost breakdown --out json'];

  async run(): Promise<void> {
    await this.parse(CostBreakdown);
    await using priced = await openPriced(this);
    const breakdown = costBreakdown(priced.session.infrastructure.servers, priced.cost);
    const part = (title: string, shares: readonly CostShare[]): string[] => [
      ...(shares.length === 0 ? [] : [...this.out.table(shares, columns(title)), '']),
    ];
    await this.out.result(breakdown, () => [
      ...part('PART', breakdown.components),
      ...part('SERVER', breakdown.servers),
      ...part('COST CENTER', breakdown.cost_centers),
      ...(breakdown.servers.length === 0 ? ['Nothing that costs money'] : []),
      ...(breakdown.unpriced.length === 0 ? [] : [`Without a price: ${breakdown.unpriced.join(', ')}`]),
    ]);
  }
}
