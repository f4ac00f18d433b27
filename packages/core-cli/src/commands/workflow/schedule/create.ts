import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import type { Schedule, ScheduleRequest } from '@provisioning/client';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { apiFor } from '../../../orchestrator/api.ts';
import { connectForWork } from '../../../orchestrator/session.ts';
import { configurationOf, select } from '../../../session/workspace.ts';
import { destructiveOperations, readWorkflow } from '../../../workflow/definition.ts';
import { askHere, placed } from '../../../workflow/placed.ts';
import { printPlan } from '../../../workflow/plan.ts';

export default class ScheduleCreate extends ProvisioningCommand {
  static override summary = 'Submit a workflow file at the times of a cron expression';
  static override description =
    'The file is read now; what the schedule runs changes only when it is made again. Times that pass while the orchestrator is stopped are made up for by one run.';
  static override spec: CommandSpec = { access: 'w', workspace: false, sideEffect: 'create' };
  static override examples = [
    'provisioning workflow schedule create nightly "0 3 * * *" backup.toml',
    'provisioning workflow schedule create office "0 8 * * 1-5" start.toml --timezone Europe/Berlin',
  ];
  static override args = {
    name: argument({ required: true, description: 'name of the schedule' }),
    cron: argument({ required: true, description: 'minute hour day month weekday' }),
    file: argument({ required: true, description: 'workflow file' }),
  };
  static override flags = {
    timezone: string({ description: 'IANA name', default: 'UTC' }),
    'allow-overlap': boolean({ description: 'run also while the run before has not ended' }),
    paused: boolean({ description: 'make it, but do not begin' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ScheduleCreate);
    const workflow = await placed(this, await readWorkflow(args.file, this.runtime.cwd));
    if (this.globals.check) {
      await printPlan(this, await askHere(this, 'plan', { definition: workflow }));
      return;
    }
    const destructive = destructiveOperations(workflow);
    if (destructive.length > 0)
      await this.confirm(`The workflow contains ${destructive.join(', ')}. Run it again and again?`);
    await connectForWork(
      this,
      await configurationOf(this, await select(this, 'optional').catch(() => undefined)),
    );
    const api = await apiFor(this);
    const schedule = await api.put<Schedule>(`/schedules/${args.name}`, {
      cron: args.cron,
      timezone: flags.timezone,
      overlap: flags['allow-overlap'] ? 'allow' : 'skip',
      paused: flags.paused,
      workflow,
    } satisfies ScheduleRequest);
    await this.out.result(schedule, () => [
      `${this.out.style.mark('ok')} Schedule ${schedule.name}: ${nextRunText(schedule)}`,
    ]);
  }
}

/** When it runs next, for people. */
export function nextRunText({ paused, next_run }: Schedule): string {
  if (paused) return 'paused';
  return next_run === undefined ? 'no time is left' : `next run ${next_run}`;
}
