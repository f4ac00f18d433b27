import type { CommandSpec } from '../../frame/metadata.ts';
import WorkflowStatus from '../workflow/status.ts';

export default class BatchStatus extends WorkflowStatus {
  static override summary = 'Show a batch and its operations';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning batch status', 'provisioning batch status 0195e3a0 --follow'];
  protected override readonly kind = 'batch';
}
