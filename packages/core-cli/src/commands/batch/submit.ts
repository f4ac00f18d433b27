import type { WorkflowDefinition } from '@provisioning/client';
import type { CommandSpec } from '../../frame/metadata.ts';
import WorkflowSubmit from '../workflow/submit.ts';

export default class BatchSubmit extends WorkflowSubmit {
  static override summary = 'Hand a file with many operations to the orchestrator';
  static override description =
    'The file is checked first; nothing is queued when it is wrong. Operations on many servers, taskservs or clusters have the\ntypes server_batch, taskserv_batch and cluster_batch.';
  static override spec: CommandSpec = { access: 'm', workspace: false, sideEffect: 'create' };
  static override examples = [
    'provisioning batch submit multi-cloud.toml',
    'provisioning batch submit multi-cloud.toml --wait --parallel-limit 10',
    'provisioning batch submit multi-cloud.toml --check',
  ];
  protected override readonly kind: WorkflowDefinition['kind'] = 'batch';
}
