import { boolean, string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import { ago, shortIds } from '../../output/people.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { listWorkflows, readSettings } from '../../workflow/reading.ts';

export default class OrchestratorTasks extends ProvisioningCommand {
  static override summary = 'List the tasks of the orchestrator, newest first; also while it is stopped';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning orchestrator tasks', 'provisioning orch tasks --status running'];
  static override flags = {
    status: string({
      description: 'only these: pending, running, completed, failed, cancelled',
      multiple: true,
    }),
    limit: string({ description: 'how many at most', default: '100' }),
    'data-dir': string({ description: 'folder of the journal' }),
    'priority-min': string({ description: 'only these priorities and above' }),
    http: boolean({ description: 'ask the service instead of reading its store' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(OrchestratorTasks);
    const options = { dataDir: flags['data-dir'], http: flags.http };
    const { infra } = this.globals;
    const least = Number(flags['priority-min'] ?? 0);
    const found = await listWorkflows(
      this,
      await readSettings(this, options),
      {
        limit: Math.max(1, Number.parseInt(flags.limit, 10) || 100),
        ...(flags.status === undefined ? {} : { status: flags.status }),
        ...(infra === undefined ? {} : { infra }),
      },
      options,
    );
    const tasks = found
      .filter(({ priority }) => priority >= least)
      .map(({ id, name, status, priority, created_at, updated_at, progress }) => ({
        task_id: id,
        name,
        status: status.toLowerCase(),
        priority,
        created_at,
        updated_at,
        progress,
      }));
    const people = this.out.format === 'table';
    const time = (at: string): string => (people ? ago(at, this.runtime.now()) : at);
    const shown = people ? shortIds(tasks.map(({ task_id }) => task_id)) : String;
    await this.out.list(
      tasks,
      [
        { title: 'ID', value: (task) => shown(task.task_id) },
        { title: 'NAME', value: (task) => task.name },
        { title: 'STATUS', value: (task) => task.status },
        { title: 'PRIORITY', value: (task) => String(task.priority), align: 'right' },
        { title: 'PROGRESS', value: (task) => `${Math.round(task.progress)}%`, align: 'right' },
        { title: 'CREATED', value: (task) => time(task.created_at) },
      ],
      'tasks',
    );
  }
}
