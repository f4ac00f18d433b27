import type { CommandSpec } from '../../frame/metadata.ts';
import WorkflowStats from '../workflow/stats.ts';

export default class BatchStats extends WorkflowStats {
  static override summary = 'Counts, success rate and durations of batches';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning batch stats', 'provisioning batch stats --since 7d'];
  protected override readonly kind = 'batch';
}
