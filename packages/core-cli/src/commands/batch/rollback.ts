import type { CommandSpec } from '../../frame/metadata.ts';
import WorkflowRollback from '../workflow/rollback.ts';

export default class BatchRollback extends WorkflowRollback {
  static override summary = 'Undo what a batch has done, in reverse order';
  static override spec: CommandSpec = { access: 'd', workspace: false, sideEffect: 'delete' };
  static override examples = [
    'provisioning batch rollback 0195e3a0',
    'provisioning batch rollback 0195e3a0 --operations upcloud_servers --yes',
  ];
  protected override readonly kind = 'batch';
}
