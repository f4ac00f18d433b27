import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { apiFor } from '../../orchestrator/api.ts';
import { finishRollback, printRollbackOrder, type RollbackOutcome } from '../../orchestrator/rollback.ts';
import { connect } from '../../orchestrator/session.ts';
import { newestWorkflow } from '../../workflow/watching.ts';

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

  /** Only workflows of this kind are meant when no id is given. */
  protected readonly kind: string | undefined = undefined;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkflowRollback);
    const { client } = await connect(this);
    const id = await newestWorkflow(client, args.id, this.kind);
    const api = await apiFor(this);
    const selection = { operation_ids: flags.operations, include_dependents: flags['include-dependents'] };
    const request = (check: boolean) =>
      api.post<RollbackOutcome>(`/workflows/${id}/rollback`, { ...selection, check_mode: check });
    if (this.globals.check) {
      await printRollbackOrder(this, await request(true));
      return;
    }
    const { name } = await client.get(id);
    await this.confirm(`Undo what workflow '${name}' has done?`);
    const { rollback_id: rollbackId } = await request(false);
    if (rollbackId !== undefined) await finishRollback(this, api, rollbackId);
    else {
      await this.out.result({ success: true, operations_executed: 0 }, () => [
        `${this.out.style.mark('ok')} Nothing to undo`,
      ]);
    }
  }
}
