import { setTimeout as delay } from 'node:timers/promises';
import { boolean, integer, string } from '@oclif/core/flags';
import { parseDuration } from '../../argv/duration.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { checkSummary, reportHealth } from '../../health/show.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

export default class HealthMonitor extends ProvisioningCommand {
  static override summary = 'Check again and again until Ctrl-C; exit 1 when the last check was not healthy';
  static override spec: CommandSpec = { access: '-' };
  static override examples = ['provisioning health monitor --watch --interval 30s'];
  static override flags = {
    watch: boolean({ description: 'go on until Ctrl-C; without it, once' }),
    interval: string({ description: 'time between two checks', default: '30s' }),
    count: integer({ description: 'stop after so many checks', min: 1 }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(HealthMonitor);
    const pause = parseDuration(flags.interval, 'interval') * 1000;
    const times = flags.count ?? (flags.watch ? Infinity : 1);
    await using session = await openInfrastructure(this);
    for (let count = 1; ; count += 1) {
      const report = await reportHealth(this, session);
      this.exitCode = report.healthy ? 0 : 1;
      await this.out.result(report, () => [report.checked_at, ...checkSummary(report, this.out), '']);
      if (count >= times) return;
      await delay(pause, undefined, { signal: this.signal });
    }
  }
}
