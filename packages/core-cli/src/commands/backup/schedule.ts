import { boolean, string } from '@oclif/core/flags';
import type { Schedule, ScheduleRequest, WorkflowDefinition } from '@provisioning/client';
import { ProvisioningError, type Storage } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { apiFor } from '../../orchestrator/api.ts';
import { connectForWork } from '../../orchestrator/session.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';
import { placed } from '../../workflow/placed.ts';

export default class BackupSchedule extends ProvisioningCommand {
  static override summary = 'Back up an infrastructure again and again';
  static override description =
    'A schedule of the orchestrator: at --time every day, at --cron, or when the definition says (storage.backup.schedule).\nMade again it is replaced.';
  static override spec: CommandSpec = { access: 'w', sideEffect: 'create' };
  static override examples = [
    'provisioning backup schedule --daily --time "02:00"',
    'provisioning backup schedule --cron "0 3 * * 0" --type full --check',
    'provisioning backup schedule --remove',
  ];
  static override flags = {
    daily: boolean({ description: 'every day', exclusive: ['cron'] }),
    time: string({ description: 'time of the day, with --daily', default: '02:00' }),
    cron: string({ description: 'minute hour day month weekday' }),
    timezone: string({ description: 'IANA name', default: 'UTC' }),
    type: string({ description: 'what each holds', options: ['full', 'incremental'], default: 'full' }),
    remove: boolean({ description: 'no backups by themselves any more' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(BackupSchedule);
    await using session = await openInfrastructure(this);
    const { selection, infrastructure, configuration } = session;
    const { name: infra } = infrastructure;
    const name = `backup-${selection.name}-${infra}`;
    const ok = this.out.style.mark('ok');
    const { schedule: defined } = (infrastructure.storage as Storage).backup ?? {};
    const cron = flags.remove ? '' : (flags.cron ?? (flags.daily ? cronOf(flags.time) : defined));
    if (cron === undefined) {
      throw new ProvisioningError({
        code: 'MISSING_ARGUMENT',
        kind: 'usage',
        message: 'When to back up is not said',
        hint: 'Give --daily or --cron, or storage.backup.schedule in the definition.',
      });
    }
    if (this.globals.check) {
      const verb = flags.remove ? 'remove' : 'make';
      await this.out.result({ check_mode: true, name, ...(flags.remove ? {} : { cron }) }, () => [
        `Would ${verb} the schedule ${name}${flags.remove ? '' : `: ${cron} (${flags.timezone})`}`,
      ]);
      return;
    }
    await connectForWork(this, configuration);
    const api = await apiFor(this);
    if (flags.remove) {
      await api.delete(`/schedules/${name}`);
      await this.out.result({ name, removed: true }, () => [
        `${ok} ${infra} is not backed up by itself any more`,
      ]);
      return;
    }
    const schedule = await api.put<Schedule>(`/schedules/${name}`, {
      cron,
      timezone: flags.timezone,
      overlap: 'skip',
      paused: false,
      workflow: await placed(this, this.#workflow(`${selection.name}:${infra}`, flags.type)),
    } satisfies ScheduleRequest);
    await this.out.result(
      { name: schedule.name, cron: schedule.cron, next_run: schedule.next_run ?? null },
      () => [`${ok} ${infra} is backed up at ${schedule.cron}, next ${schedule.next_run ?? 'never'}`],
    );
    await this.next('provisioning workflow schedule list');
  }

  /** This program, with the variables by which it finds the user's files. */
  #workflow(place: string, type: string): WorkflowDefinition {
    const { environment } = this.runtime;
    const env = Object.fromEntries(
      Object.entries(environment).filter(
        (entry): entry is [string, string] =>
          /^(XDG_\w+|PROVISIONING_HOME)$/.test(entry[0]) && entry[1] !== undefined,
      ),
    );
    const words = ['backup', 'create', '-ws', place, '--type', type, '--yes'];
    return {
      name: `backup ${place}`,
      version: '1.0.0',
      operations: [
        {
          id: 'backup',
          type: 'command',
          name: `Back up ${place}`,
          input: { command: process.execPath, args: [...process.execArgv, process.argv[1]!, ...words], env },
        },
      ],
    };
  }
}

/** `02:30` as a cron expression. @throws ProvisioningError `INVALID_OPTION_VALUE` (2) */
function cronOf(time: string): string {
  const [, hour, minute] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(time) ?? [];
  if (hour !== undefined && minute !== undefined) return `${Number(minute)} ${Number(hour)} * * *`;
  throw new ProvisioningError({
    code: 'INVALID_OPTION_VALUE',
    kind: 'usage',
    message: `Invalid value for --time: ${time}. Expected a time of the day: 02:00`,
  });
}
