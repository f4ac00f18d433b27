import { findUnused } from '@provisioning/core';
import { pricesOf } from '../../cost/prices.ts';
import { unusedColumns } from '../../cost/savings.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

export default class CostUnused extends ProvisioningCommand {
  static override summary = 'List what costs money and does nothing';
  static override description =
    'Servers that have been stopped for a week, or used less than 5 % of their processors, and volumes that no server uses.\nHow much a server is used is known of those that the orchestrator watches: monitoring = true, or auto_scaling.';
  static override spec: CommandSpec = { access: '-' };
  static override examples = ['provisioning cost unused', 'provisioning cost unused --out json'];

  async run(): Promise<void> {
    await this.parse(CostUnused);
    await using session = await openInfrastructure(this);
    const { context, infrastructure } = session;
    const rows = await findUnused(context, infrastructure, await pricesOf(session, undefined));
    await this.out.list(rows, unusedColumns, 'unused resources');
  }
}
