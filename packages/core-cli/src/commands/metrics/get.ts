import { string as argument } from '@oclif/core/args';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';
import { loadsOf, runningServers } from '../../utilisation/loads.ts';

export default class MetricsGet extends ProvisioningCommand {
  static override summary = 'Show how busy the servers of the infrastructure are now';
  static override description =
    'Each is looked at for a second. A name is a server, a group or a cluster. One that cannot be looked at says why.';
  static override spec: CommandSpec = { access: '-', slow: true };
  static override examples = ['provisioning metrics get', 'provisioning metrics get web --out json'];
  static override args = {
    name: argument({ multiple: true, description: 'servers, groups or clusters; default all that run' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(MetricsGet);
    await using session = await openInfrastructure(this);
    const names = await runningServers(session, args.name as string[] | undefined);
    const percent = (value: number | null): string => (value === null ? '-' : `${value} %`);
    await this.out.list(
      await loadsOf(session, names),
      [
        { title: 'SERVER', value: ({ server }) => server },
        { title: 'CPU', value: ({ cpu }) => percent(cpu), align: 'right' },
        { title: 'MEMORY', value: ({ memory }) => percent(memory), align: 'right' },
        { title: 'REASON', value: ({ reason }) => reason ?? '' },
      ],
      'running servers',
    );
  }
}
