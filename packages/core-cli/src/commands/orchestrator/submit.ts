import type { CommandSpec } from '../../frame/metadata.ts';
import WorkflowSubmit from '../workflow/submit.ts';

export default class OrchestratorSubmit extends WorkflowSubmit {
  static override summary = 'Hand a workflow file to the orchestrator';
  static override spec: CommandSpec = { access: 'w', workspace: false, sideEffect: 'create' };
  static override examples = ['provisioning orchestrator submit release.toml --priority 75'];
}
