import { costAdvice } from '@provisioning/core';
import { openPriced } from '../../cost/prices.ts';
import { adviceColumns } from '../../cost/savings.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class CostRecommendations extends ProvisioningCommand {
  static override summary = 'Recommend smaller plans, preemptible and reserved servers';
  static override description =
    'A smaller plan is recommended where 95 % of the samples of a week stay below 40 % of processors and memory. Samples\nare kept of servers that the orchestrator watches: monitoring = true, or auto_scaling.';
  static override spec: CommandSpec = { access: '-' };
  static override examples = ['provisioning cost recommendations', 'provisioning cost analyze --out json'];

  async run(): Promise<void> {
    await this.parse(CostRecommendations);
    await using priced = await openPriced(this);
    const { context, infrastructure } = priced.session;
    const rows = await costAdvice(context, infrastructure, priced.cost);
    await this.out.list(rows, adviceColumns, 'recommendations');
  }
}
