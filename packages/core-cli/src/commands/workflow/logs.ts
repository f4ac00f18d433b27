import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { logFlags, showWorkflowLog } from '../../workflow/log.ts';

export default class WorkflowLogs extends ProvisioningCommand {
  static override summary = 'Show the log of a workflow';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning workflow logs',
    'provisioning workflow logs 0195e3a0 --tail 200',
    'provisioning workflow logs --follow --level warn',
  ];
  static override args = { id: argument({ description: 'id of the workflow; default the newest' }) };
  static override flags = {
    ...logFlags,
    operation: string({ description: 'lines of this operation only' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkflowLogs);
    await showWorkflowLog(this, args.id, flags);
  }
}
