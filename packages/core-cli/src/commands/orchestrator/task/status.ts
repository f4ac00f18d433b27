import { string as argument } from '@oclif/core/args';
import type { Task } from '@provisioning/client';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { orchestratorHealth } from '../../../orchestrator/control.ts';
import { askProgram } from '../../../orchestrator/run-program.ts';
import { clientFor, settingsFor } from '../../../orchestrator/session.ts';

export default class TaskStatus extends ProvisioningCommand {
  static override summary =
    'Show a task: a workflow or one of its operations; also while the orchestrator is stopped';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning orchestrator task status 0195e3a0-0000-7000-8000-000000000000'];
  static override args = { id: argument({ required: true, description: 'id of the task' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(TaskStatus);
    const settings = await settingsFor(this);
    const { environment, cwd } = this.runtime;
    const { signal } = this;
    const task = (await orchestratorHealth(settings))
      ? await clientFor(this, settings).task(args.id, { signal })
      : await askProgram<Task>('show', { task: args.id }, { settings, environment, cwd, signal });
    await this.out.result(task, () => [
      `Task ${task.id}`,
      `  Name:     ${task.name}`,
      `  Status:   ${task.status} (${task.phase})`,
      `  Progress: ${Math.round(task.progress)}%`,
      `  Created:  ${task.created_at}`,
      ...(task.error === undefined ? [] : [`  Error:    ${task.error}`]),
    ]);
  }
}
