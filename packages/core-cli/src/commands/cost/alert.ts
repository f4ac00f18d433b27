import { boolean, string } from '@oclif/core/flags';
import { costAlert, costAlertText, costText, setCostAlert } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { openPriced } from '../../cost/prices.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class CostAlert extends ProvisioningCommand {
  static override summary = 'Be told when the infrastructure costs more than an amount by the month';
  static override description =
    'Looked at once a day by the orchestrator, and whenever servers are created. Without an amount it shows the one that is\nset. It warns only; cost_controls.max_monthly_budget refuses.';
  static override spec: CommandSpec = { access: 'w', sideEffect: 'update' };
  static override examples = [
    'provisioning cost alert --threshold 500',
    'provisioning cost alert',
    'provisioning cost alert --remove',
  ];
  static override flags = {
    threshold: string({ description: 'amount by the month, in the currency of the prices' }),
    remove: boolean({ description: 'no alert any more', exclusive: ['threshold'] }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(CostAlert);
    await using priced = await openPriced(this);
    const { cost, session } = priced;
    const { context } = session;
    const wanted = flags.threshold === undefined ? undefined : amountOf(flags.threshold);
    const before = await costAlert(context);
    const alert =
      wanted === undefined
        ? flags.remove
          ? undefined
          : before
        : { threshold: wanted, set_at: new Date(context.now()).toISOString() };
    const changes = flags.remove || wanted !== undefined;
    if (changes && !this.globals.check) await setCostAlert(context, wanted, context.now());
    const text = costAlertText(alert, cost);
    const document = {
      ...(this.globals.check && changes ? { check_mode: true } : {}),
      threshold: alert?.threshold ?? null,
      set_at: alert?.set_at ?? null,
      totals: cost.totals,
      exceeded: text !== undefined,
    };
    if (text !== undefined) this.out.warn(text);
    const { style } = this.out;
    await this.out.result(document, () => [
      ...(this.globals.check && changes
        ? [`${style.mark('warning')} Check mode: No changes will be made`]
        : []),
      alert === undefined
        ? 'No cost alert is set'
        : `${style.mark('ok')} Cost alert at ${alert.threshold.toFixed(2)} a month; now ${costText(cost)}`,
    ]);
  }
}

function amountOf(text: string): number {
  const amount = Number(text);
  if (text.trim() !== '' && Number.isFinite(amount) && amount > 0) return amount;
  throw new ProvisioningError({
    code: 'INVALID_OPTION_VALUE',
    kind: 'usage',
    message: `Invalid value for --threshold: ${text}. Expected an amount above 0`,
  });
}
