import type { Schedule } from '@provisioning/client';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { apiFor } from '../../../orchestrator/api.ts';

export default class ScheduleList extends ProvisioningCommand {
  static override summary = 'List the schedules with their next and last run';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning workflow schedule list'];

  async run(): Promise<void> {
    await this.parse(ScheduleList);
    const schedules = await (await apiFor(this)).get<readonly Schedule[]>('/schedules');
    await this.out.list(
      schedules,
      [
        { title: 'NAME', value: (row) => row.name },
        { title: 'CRON', value: (row) => row.cron },
        { title: 'ZONE', value: (row) => row.timezone },
        { title: 'WORKFLOW', value: (row) => row.workflow.name },
        { title: 'NEXT', value: (row) => (row.paused ? 'paused' : (row.next_run ?? '-')) },
        { title: 'LAST', value: (row) => row.last_run ?? '-' },
        { title: 'RUNS', value: (row) => String(row.runs), align: 'right' },
        { title: 'SKIPPED', value: (row) => String(row.skipped), align: 'right' },
      ],
      'schedules',
    );
  }
}
