import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { parseDuration } from '../../argv/duration.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { monitorLoads } from '../../utilisation/loads.ts';

export default class MetricsMonitor extends ProvisioningCommand {
  static override summary = 'Watch how busy a server, a group or a cluster is';
  static override description =
    'Looks again and again, such as at a canary that got its first traffic, and sums up at the end. Ctrl-C ends it.';
  static override spec: CommandSpec = { access: '-', slow: true };
  static override examples = ['provisioning metrics monitor web-canary --duration 10m --interval 30s'];
  static override args = {
    name: argument({ required: true, description: 'server, group or cluster' }),
  };
  static override flags = {
    duration: string({ description: 'how long', default: '5m' }),
    interval: string({ description: 'time between two looks', default: '10s' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(MetricsMonitor);
    await monitorLoads(this, {
      names: [args.name],
      duration: parseDuration(flags.duration, 'duration') * 1000,
      interval: parseDuration(flags.interval, 'interval') * 1000,
    });
  }
}
