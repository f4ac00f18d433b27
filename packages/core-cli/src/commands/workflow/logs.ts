import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { connect } from '../../orchestrator/session.ts';
import { newestWorkflow } from '../../workflow/watching.ts';

export default class WorkflowLogs extends ProvisioningCommand {
  static override summary = 'Show the log of a workflow';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning workflow logs', 'provisioning workflow logs 0195e3a0 --tail 200'];
  static override args = { id: argument({ description: 'id of the workflow; default the newest' }) };
  static override flags = {
    operation: string({ description: 'lines of this operation only' }),
    tail: string({ description: 'lines from the end; default 200' }),
    level: string({ description: 'lowest level shown', options: ['debug', 'info', 'warn', 'error'] }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkflowLogs);
    const { client } = await connect(this);
    const id = await newestWorkflow(client, args.id);
    const tail = flags.tail === undefined ? undefined : Math.max(1, Number.parseInt(flags.tail, 10) || 1);
    const text = await client.logs(id, {
      tail,
      level: flags.level,
      operation: flags.operation,
      signal: this.signal,
    });
    const lines = text.split('\n').filter((line) => line !== '');
    await this.out.result(lines, () => (lines.length === 0 ? ['No log lines found'] : lines));
  }
}
