import type { CommandSpec } from '../../frame/metadata.ts';
import WorkflowValidate from '../workflow/validate.ts';

export default class OrchestratorValidate extends WorkflowValidate {
  static override summary = 'Check a workflow file; nothing is queued';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning orchestrator validate release.toml --strict'];
}
