import { findUnused } from '@provisioning/core';
import { openPriced } from '../../cost/prices.ts';
import { unusedColumns } from '../../cost/savings.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class CostUnused extends ProvisioningCommand {
  static override summary = 'List what costs money and does nothing';
  static override description =
    'Servers that have been stopped for a week, or used less than 5 % of their processors, and volumes that no server uses.\nHow much a server is used is known of those that the orchestrator watches: monitoring = true, or auto_scaling.';
  static override spec: CommandSpec = { access: '-' };
  static override examples = ['provisioning cost unused', 'provisioning cost unused --out json'];

  async run(): Promise<void> {
    await this.parse(CostUnused);
    await using priced = await openPriced(this);
    const { context, infrastructure } = priced.session;
    const rows = await findUnused(context, infrastructure, priced.cost);
    await this.out.list(rows, unusedColumns, 'unused resources');
  }
}
