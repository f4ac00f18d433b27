import { boolean, string } from '@oclif/core/flags';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { apiFor } from '../../orchestrator/api.ts';
import { finishRollback, printRollbackOrder, type RollbackOutcome } from '../../orchestrator/rollback.ts';

export default class OrchestratorRollback extends ProvisioningCommand {
  static override summary = 'Undo everything since a checkpoint, or some operations';
  static override spec: CommandSpec = { access: 'd', workspace: false, sideEffect: 'delete' };
  static override examples = [
    'provisioning orchestrator rollback --checkpoint 5f0c --check',
    'provisioning orchestrator rollback --operations create-web,create-db --include-dependents --yes',
  ];
  static override flags = {
    checkpoint: string({ description: 'id of a checkpoint' }),
    operations: string({
      description: 'operations, <workflow>/<operation> where it is not clear',
      multiple: true,
    }),
    'include-dependents': boolean({ description: 'also what was built on them' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(OrchestratorRollback);
    const { checkpoint, operations } = flags;
    if ((checkpoint === undefined) === (operations === undefined)) {
      throw new ProvisioningError({
        code: 'USAGE',
        kind: 'usage',
        message: 'Say what to undo: either --checkpoint or --operations',
      });
    }
    const api = await apiFor(this);
    const request = (check: boolean) =>
      api.post<RollbackOutcome>('/rollback/execute', {
        checkpoint_id: checkpoint,
        operation_ids: operations?.flatMap((text) => text.split(',')),
        include_dependents: flags['include-dependents'],
        check_mode: check,
        wait: false,
      });
    if (this.globals.check) {
      await printRollbackOrder(this, await request(true));
      return;
    }
    const what =
      operations === undefined ? `everything since checkpoint ${checkpoint}` : operations.join(', ');
    await this.confirm(`Undo ${what}?`);
    const started = await request(false);
    if (started.rollback_id !== undefined) await finishRollback(this, api, started.rollback_id);
    else await this.out.result(started, () => [`${this.out.style.mark('ok')} Nothing to undo`]);
  }
}
