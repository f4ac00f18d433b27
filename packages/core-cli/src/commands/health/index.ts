import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { checkSummary, itemSummary, reportHealth } from '../../health/show.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

export default class Health extends ProvisioningCommand {
  static override summary = 'Show how everything is; with --infra, thing by thing';
  static override spec: CommandSpec = { access: '-' };
  static override examples = ['provisioning health', 'provisioning health --infra demo'];

  async run(): Promise<void> {
    await this.parse(Health);
    await using session = await openInfrastructure(this);
    const report = await reportHealth(this, session);
    await this.out.result(report, () =>
      this.globals.infra === undefined
        ? checkSummary(report, this.out)
        : itemSummary(report, session.infrastructure.name, this.out),
    );
    if (!report.healthy) this.exitCode = 1;
  }
}
