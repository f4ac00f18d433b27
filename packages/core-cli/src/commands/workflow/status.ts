import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { renderFrame } from '../../live/render.ts';
import { viewOf } from '../../live/view.ts';
import { watchWorkflow } from '../../live/watch.ts';
import { readWorkflowRecord } from '../../workflow/reading.ts';
import { connect } from '../../orchestrator/session.ts';
import { finishWatch, newestWorkflow } from '../../workflow/watching.ts';

export default class WorkflowStatus extends ProvisioningCommand {
  static override summary = 'Show a workflow and its operations';
  static override description =
    'With --follow the view goes on until the workflow ends; Ctrl-C stops watching, not the workflow. Without an id, the newest\nworkflow is shown.';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning workflow status',
    'provisioning workflow status 0195e3a0 --follow',
  ];
  static override args = { id: argument({ description: 'id of the workflow, or its first characters' }) };
  static override flags = { follow: boolean({ char: 'f', description: 'watch until it ends' }) };

  /** Only workflows of this kind are meant when no id is given. */
  protected readonly kind: string | undefined = undefined;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkflowStatus);
    if (flags.follow) {
      const { client } = await connect(this);
      const id = await newestWorkflow(client, args.id, this.kind);
      const { runtime, out } = this;
      const { interruption } = this.host;
      const result = await watchWorkflow({
        client,
        workflowId: id,
        runtime,
        out,
        interruption,
        jsonLines: this.globals.out === 'json',
      });
      finishWatch(out, result);
      return;
    }
    const record = await readWorkflowRecord(this, args.id, this.kind);
    const frame = {
      style: this.out.style,
      columns: this.out.terminal.columns,
      rows: 10_000,
      now: this.runtime.now(),
      verbose: false,
    };
    await this.out.result(record, () => [`Workflow ${record.id}`, ...renderFrame(viewOf(record), frame)]);
  }
}
