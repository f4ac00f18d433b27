import { string } from '@oclif/core/flags';
import { parseDuration } from '../../argv/duration.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { monitorLoads } from '../../utilisation/loads.ts';

export default class PerformanceMonitor extends ProvisioningCommand {
  static override summary = 'Watch how busy all servers of the infrastructure are, and sum up';
  static override spec: CommandSpec = { access: '-', slow: true };
  static override examples = ['provisioning performance monitor --duration 1h --interval 1m'];
  static override flags = {
    duration: string({ description: 'how long', default: '1h' }),
    interval: string({ description: 'time between two looks', default: '1m' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(PerformanceMonitor);
    await monitorLoads(this, {
      duration: parseDuration(flags.duration, 'duration') * 1000,
      interval: parseDuration(flags.interval, 'interval') * 1000,
    });
  }
}
