import { boolean, string } from '@oclif/core/flags';
import { parseDuration } from '../../argv/duration.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { apiFor } from '../../orchestrator/api.ts';

export default class WorkflowCleanup extends ProvisioningCommand {
  static override summary = 'Delete the records of finished workflows';
  static override description =
    'Without --failed only completed ones; those that still run are never deleted.';
  static override spec: CommandSpec = { access: 'd', workspace: false, sideEffect: 'delete' };
  static override examples = [
    'provisioning workflow cleanup --check',
    'provisioning workflow cleanup --older-than 30d --failed --yes',
  ];
  static override flags = {
    'older-than': string({ description: 'age, such as 30d; default the retention of the orchestrator' }),
    completed: boolean({ description: 'completed ones' }),
    failed: boolean({ description: 'failed and cancelled ones' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(WorkflowCleanup);
    const age = flags['older-than'];
    const statuses = [
      ...(flags.completed || !flags.failed ? ['Completed'] : []),
      ...(flags.failed ? ['Failed', 'Cancelled'] : []),
    ];
    const api = await apiFor(this);
    const ask = (check: boolean) =>
      api.post<{ deleted: number }>('/workflows/cleanup', {
        ...(age === undefined ? {} : { older_than: `${Math.round(parseDuration(age, 'older-than'))}s` }),
        statuses,
        check,
      });
    const found = await ask(true);
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      await this.out.result(found, () => [`Would delete: ${found.deleted} workflows`]);
      return;
    }
    if (found.deleted > 0) await this.confirm(`Delete the records of ${found.deleted} workflows?`);
    const done = found.deleted > 0 ? await ask(false) : found;
    await this.out.result(done, () => [`${this.out.style.mark('ok')} ${done.deleted} workflows deleted`]);
  }
}
