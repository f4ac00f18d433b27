import { string as argument } from '@oclif/core/args';
import type { Schedule } from '@provisioning/client';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { apiFor } from '../../../orchestrator/api.ts';
import { nextRunText } from './create.ts';

export default class SchedulePause extends ProvisioningCommand {
  static override summary = 'Let a schedule rest; what runs goes on';
  static override spec: CommandSpec = { access: 'w', workspace: false, sideEffect: 'update' };
  static override examples: string[] = ['provisioning workflow schedule pause nightly'];
  static override args = { name: argument({ required: true, description: 'name of the schedule' }) };

  protected readonly verb: 'pause' | 'resume' = 'pause';

  async run(): Promise<void> {
    const { args } = await this.parse(SchedulePause);
    const api = await apiFor(this);
    const { name } = await api.get<Schedule>(`/schedules/${args.name}`);
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would ${this.verb}: schedule ${name}`);
      return;
    }
    const schedule = await api.post<Schedule>(`/schedules/${name}/${this.verb}`);
    await this.out.result(schedule, () => [
      `${this.out.style.mark('ok')} Schedule ${name}: ${nextRunText(schedule)}`,
    ]);
  }
}
