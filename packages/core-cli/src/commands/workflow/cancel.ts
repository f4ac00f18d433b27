import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { connect } from '../../session/orchestrator.ts';
import { newestWorkflow } from '../../workflow/watching.ts';

export default class WorkflowCancel extends ProvisioningCommand {
  static override summary = 'Cancel a workflow; what it has done stays unless --rollback';
  static override spec: CommandSpec = { access: 'd', workspace: false, sideEffect: 'delete' };
  static override examples = [
    'provisioning workflow cancel 0195e3a0',
    'provisioning workflow cancel 0195e3a0 --rollback --yes',
  ];
  static override args = { id: argument({ required: true, description: 'id of the workflow' }) };
  static override flags = { rollback: boolean({ description: 'undo what it has done' }) };

  /** Only workflows of this kind are meant when no id is given. */
  protected readonly kind: string | undefined = undefined;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkflowCancel);
    const { client } = await connect(this);
    const id = await newestWorkflow(client, args.id, this.kind);
    const { name } = await client.get(id);
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would cancel: ${name} (${id})`);
      return;
    }
    await this.confirm(`Cancel workflow '${name}'${flags.rollback ? ' and undo what it has done' : ''}?`);
    await client.cancel(id, { rollback: flags.rollback, signal: this.signal });
    await this.out.result({ id, cancelled: true }, () => [
      `${this.out.style.mark('ok')} Workflow ${id} cancelled`,
    ]);
  }
}
