import type { HealthArea } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { checkSummary, itemSummary, reportHealth } from '../../health/show.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';
import HealthCheck from './check.ts';

export default class Health extends ProvisioningCommand {
  static override summary = 'Show how everything is; with --infra, thing by thing';
  static override spec: CommandSpec = { access: '-' };
  static override examples = ['provisioning health', 'provisioning health --infra demo'];

  static override args = HealthCheck.args;

  async run(): Promise<void> {
    const { args } = await this.parse(Health);
    await using session = await openInfrastructure(this);
    const report = await reportHealth(this, session, args.area as HealthArea[] | undefined);
    await this.out.result(report, () =>
      this.globals.infra === undefined
        ? checkSummary(report, this.out)
        : itemSummary(report, session.infrastructure.name, this.out),
    );
    if (!report.healthy) this.exitCode = 1;
  }
}
