import type { CommandSpec } from '../../frame/metadata.ts';
import WorkflowMonitor from '../workflow/monitor.ts';

export default class OrchestratorMonitor extends WorkflowMonitor {
  static override summary = 'Watch a task until it ends';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning orchestrator monitor 0195e3a0'];
}
