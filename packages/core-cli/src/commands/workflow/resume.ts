import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { watchWorkflow } from '../../live/watch.ts';
import { connect } from '../../orchestrator/session.ts';
import { readWorkflow } from '../../workflow/definition.ts';
import { finishWatch, newestWorkflow } from '../../workflow/watching.ts';

export default class WorkflowResume extends ProvisioningCommand {
  static override summary = 'Run the failed and skipped operations of a workflow again';
  static override spec: CommandSpec = { access: 'w', workspace: false, sideEffect: 'update' };
  static override examples = [
    'provisioning workflow resume 0195e3a0',
    'provisioning workflow retry 0195e3a0 --wait',
    'provisioning workflow resume 0195e3a0 --file release.toml',
  ];
  static override flags = {
    file: string({
      description: 'go on with this workflow file; what has completed must be the same in it',
    }),
  };
  static override args = { id: argument({ required: true, description: 'id of the workflow' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkflowResume);
    const workflow = flags.file === undefined ? undefined : await readWorkflow(flags.file, this.runtime.cwd);
    const { client } = await connect(this);
    const id = await newestWorkflow(client, args.id);
    if (this.globals.check) {
      const { name } = await client.get(id);
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would resume: ${name} (${id})`);
      return;
    }
    const submission = await client.resume(id, { workflow, signal: this.signal });
    // Advice on the definition; workflow validate shows it to all who ask.
    if (this.globals.verbose) for (const warning of submission.warnings ?? []) this.out.warn(warning);
    await this.out.result(submission, () => [`${this.out.style.mark('ok')} Workflow resumed: ${id}`]);
    if (!this.globals.wait) return;
    const { runtime, out } = this;
    const result = await watchWorkflow({
      client,
      workflowId: id,
      runtime,
      out,
      interruption: this.host.interruption,
    });
    finishWatch(out, result);
    if (result.ended === 'detached') this.exitCode = 130;
  }
}
