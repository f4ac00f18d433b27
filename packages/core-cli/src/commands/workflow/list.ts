import { string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import { ago, shortIds } from '../../output/people.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { elapsed } from '../../live/render.ts';
import type { Style } from '../../output/style.ts';
import type { StoredWorkflow } from '../../orchestrator/local-store.ts';
import { listWorkflows } from '../../workflow/reading.ts';
import { settingsFor } from '../../orchestrator/session.ts';

export default class WorkflowList extends ProvisioningCommand {
  static override summary = 'List workflows, newest first';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning workflow list',
    'provisioning wf list --status running --out json',
  ];
  static override flags = {
    status: string({
      description: 'only these: pending, running, completed, failed, cancelled',
      multiple: true,
    }),
    kind: string({ description: 'only this kind' }),
    limit: string({ description: 'how many at most', default: '50' }),
  };

  /** The kind that is listed, when the command says it. */
  protected readonly kind: string | undefined = undefined;

  async run(): Promise<void> {
    const { flags } = await this.parse(WorkflowList);
    const { infra } = this.globals;
    const kind = this.kind ?? flags.kind;
    const records = await listWorkflows(this, await settingsFor(this), {
      limit: Math.max(1, Number.parseInt(flags.limit, 10) || 50),
      ...(flags.status === undefined ? {} : { status: flags.status }),
      ...(kind === undefined ? {} : { kind }),
      ...(infra === undefined ? {} : { infra }),
    });
    const people = this.out.format === 'table';
    const time = (at: string): string => (people ? ago(at, this.runtime.now()) : at);
    const shown = people ? shortIds(records.map(({ id }) => id)) : String;
    await this.out.list(
      records,
      [
        { title: 'ID', value: (row) => shown(row.id) },
        { title: 'NAME', value: (row) => row.name },
        { title: 'KIND', value: (row) => row.kind },
        {
          title: 'STATUS',
          value: (row) => row.status,
          paint: (text, row, style) => paintStatus(text, row.status, style),
        },
        { title: 'PROGRESS', value: (row) => `${Math.round(row.progress)}%`, align: 'right' },
        { title: 'STARTED', value: (row) => time(row.started_at ?? row.created_at) },
        { title: 'DURATION', value: (row) => duration(row, this.runtime.now()), align: 'right' },
      ],
      'workflows',
    );
  }
}

/** The colour of a status, the same in every list. */
export function paintStatus(text: string, status: string, style: Style): string {
  if (status === 'Completed') return style.good(text);
  if (status === 'Failed') return style.bad(text);
  return status === 'Running' ? style.warn(text) : style.dim(text);
}

function duration(record: StoredWorkflow, now: number): string {
  if (record.started_at === undefined) return '';
  const end = record.completed_at === undefined ? now : Date.parse(record.completed_at);
  return elapsed(end - Date.parse(record.started_at));
}
