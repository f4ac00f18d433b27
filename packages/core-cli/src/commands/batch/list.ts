import type { CommandSpec } from '../../frame/metadata.ts';
import WorkflowList from '../workflow/list.ts';

export default class BatchList extends WorkflowList {
  static override summary = 'List batches, newest first';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning batch list', 'provisioning batch list --status running'];
  protected override readonly kind = 'batch';
}
