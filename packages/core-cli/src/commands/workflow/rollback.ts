import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { watchWorkflow } from '../../live/watch.ts';
import { connect } from '../../session/orchestrator.ts';
import { finishWatch, newestWorkflow } from '../../workflow/watching.ts';

export default class WorkflowRollback extends ProvisioningCommand {
  static override summary = 'Undo what a workflow has done, in reverse order';
  static override spec: CommandSpec = { access: 'd', workspace: false, sideEffect: 'delete' };
  static override examples = [
    'provisioning workflow rollback 0195e3a0',
    'provisioning workflow rollback 0195e3a0 --operations create-web --include-dependents --yes',
  ];
  static override args = { id: argument({ required: true, description: 'id of the workflow' }) };
  static override flags = {
    operations: string({ description: 'only these operations', multiple: true }),
    'include-dependents': boolean({ description: 'also what was built on them' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkflowRollback);
    const { client } = await connect(this);
    const id = await newestWorkflow(client, args.id);
    const record = await client.get(id);
    if (this.globals.check) {
      const done = (record.operations ?? []).filter(({ status }) => status === 'Completed').reverse();
      this.out.warn('Check mode: No changes will be made');
      await this.out.result(done, () => [
        'Would undo, in this order:',
        ...done.map(({ name }) => `  - ${name}`),
      ]);
      return;
    }
    await this.confirm(`Undo what workflow '${record.name}' has done?`);
    const selection = { operation_ids: flags.operations, include_dependents: flags['include-dependents'] };
    const { rollback_id: rollbackId } = await client.rollback(id, selection, { signal: this.signal });
    const { runtime, out } = this;
    const result = await watchWorkflow({
      client,
      workflowId: rollbackId,
      runtime,
      out,
      interruption: this.host.interruption,
    });
    finishWatch(out, result);
    await out.result({ workflow_id: id, rollback_id: rollbackId }, () => [
      `${out.style.mark('ok')} Workflow rolled back: ${id}`,
    ]);
  }
}
