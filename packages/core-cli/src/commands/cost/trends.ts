import { string } from '@oclif/core/flags';
import { type CostSnapshot, costTrend } from '@provisioning/core';
import { parseDuration } from '../../argv/duration.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

const day = 86_400;

export default class CostTrends extends ProvisioningCommand {
  static override summary = 'Show what the infrastructure cost by the month, day by day';
  static override description = 'The orchestrator writes the cost down once a day.';
  static override spec: CommandSpec = { access: '-' };
  static override examples = ['provisioning cost trends', 'provisioning cost trends --period 90d --out json'];
  static override flags = { period: string({ description: 'how far back', default: '30d' }) };

  async run(): Promise<void> {
    const { flags } = await this.parse(CostTrends);
    const days = parseDuration(flags.period, 'period', day) / day;
    await using session = await openInfrastructure(this);
    const rows = await costTrend(session.context, days, session.context.now());
    await this.out.list(
      rows,
      [
        { title: 'DATE', value: ({ date }) => date },
        { title: 'MONTHLY', value: amountOf, align: 'right' },
        { title: 'CHANGE', value: (row) => change(row, rows[rows.indexOf(row) - 1]), align: 'right' },
      ],
      'recorded costs',
    );
  }
}

function amountOf({ totals, incomplete }: CostSnapshot): string {
  const text = totals.map(({ monthly, currency }) => `${monthly.toFixed(2)} ${currency}`).join(' + ');
  return `${incomplete ? '≥ ' : ''}${text || '0.00'}`;
}

/** Against the day before, in the currencies that both have. */
function change({ totals }: CostSnapshot, before: CostSnapshot | undefined): string {
  return totals
    .flatMap(({ currency, monthly }) => {
      const then = before?.totals.find((one) => one.currency === currency)?.monthly;
      const difference = then === undefined ? 0 : monthly - then;
      return difference === 0 ? [] : [`${difference > 0 ? '+' : ''}${difference.toFixed(2)} ${currency}`];
    })
    .join(' ');
}
