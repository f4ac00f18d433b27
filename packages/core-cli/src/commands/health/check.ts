import { string as argument } from '@oclif/core/args';
import type { HealthArea } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { checkSummary, reportHealth } from '../../health/show.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

export default class HealthCheck extends ProvisioningCommand {
  static override summary =
    'Check servers, services, keys and connections; exit 1 when something is not healthy';
  static override description =
    'A server is healthy when its provider says that it runs, it answers, and its disk has room. Each check has 5 s and\nthree tries.';
  static override spec: CommandSpec = { access: '-' };
  static override examples = [
    'provisioning health check',
    'provisioning health check servers',
    'provisioning health check --out json | jq -e .healthy',
  ];
  static override args = {
    area: argument({
      description: 'only these',
      multiple: true,
      options: ['servers', 'taskservs', 'clusters'],
    }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(HealthCheck);
    await using session = await openInfrastructure(this);
    const areas = args.area as HealthArea[] | undefined;
    const report = await reportHealth(this, session, areas);
    await this.out.result(report, () => checkSummary(report, this.out));
    if (!report.healthy) this.exitCode = 1;
  }
}
