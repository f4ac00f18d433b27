import { string as argument } from '@oclif/core/args';
import type { Schedule } from '@provisioning/client';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { apiFor } from '../../../orchestrator/api.ts';

export default class ScheduleDelete extends ProvisioningCommand {
  static override summary = 'Remove a schedule; the workflows it has submitted stay';
  static override spec: CommandSpec = { access: 'd', workspace: false, sideEffect: 'delete' };
  static override examples = ['provisioning workflow schedule delete nightly --yes'];
  static override args = { name: argument({ required: true, description: 'name of the schedule' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(ScheduleDelete);
    const api = await apiFor(this);
    const { name } = await api.get<Schedule>(`/schedules/${args.name}`);
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would delete: schedule ${name}`);
      return;
    }
    await this.confirm(`Delete schedule '${name}'?`);
    await api.delete(`/schedules/${name}`);
    await this.out.result({ name, deleted: true }, () => [`${this.out.style.mark('ok')} Schedule deleted`]);
  }
}
