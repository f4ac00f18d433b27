import type { CommandSpec } from '../../frame/metadata.ts';
import WorkflowCancel from '../workflow/cancel.ts';

export default class BatchCancel extends WorkflowCancel {
  static override summary = 'Cancel a batch; what it has done stays unless --rollback';
  static override spec: CommandSpec = { access: 'd', workspace: false, sideEffect: 'delete' };
  static override examples = ['provisioning batch cancel 0195e3a0'];
  protected override readonly kind = 'batch';
}
