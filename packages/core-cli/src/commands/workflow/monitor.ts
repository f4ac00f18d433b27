import { string as argument } from '@oclif/core/args';
import { boolean, integer } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { renderFrame } from '../../live/render.ts';
import { viewOf } from '../../live/view.ts';
import { watchWorkflow } from '../../live/watch.ts';
import { connect } from '../../orchestrator/session.ts';
import { finishWatch, newestWorkflow } from '../../workflow/watching.ts';

export default class WorkflowMonitor extends ProvisioningCommand {
  static override summary = 'Watch a workflow until it ends';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning workflow monitor 0195e3a0',
    'provisioning workflow monitor --once',
  ];
  static override args = { id: argument({ description: 'id of the workflow; default the newest' }) };
  static override flags = {
    once: boolean({ description: 'print one picture and end' }),
    interval: integer({
      description: 'milliseconds between two questions where the orchestrator streams nothing; default 500',
      min: 50,
    }),
  };

  /** Only workflows of this kind are meant when no id is given. */
  protected readonly kind: string | undefined = undefined;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkflowMonitor);
    const { client } = await connect(this);
    const workflowId = await newestWorkflow(client, args.id, this.kind);
    if (flags.once) {
      const record = await client.get(workflowId);
      const { columns } = this.out.terminal;
      const frame = { style: this.out.style, columns, rows: 10_000, now: this.runtime.now(), verbose: true };
      await this.out.result(record, () => renderFrame(viewOf(record), frame));
      return;
    }
    const result = await watchWorkflow({
      client,
      workflowId,
      runtime: this.runtime,
      out: this.out,
      interruption: this.host.interruption,
      jsonLines: this.globals.out === 'json',
      timeout: this.globals.timeout,
      pollInterval: flags.interval,
    });
    finishWatch(this.out, result);
  }
}
