import type { CommandSpec } from '../../frame/metadata.ts';
import OrchestratorHealth from '../orchestrator/health.ts';

export default class WorkflowOrchestrator extends OrchestratorHealth {
  static override summary = 'Ask the orchestrator for its health';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning workflow orchestrator'];
}
