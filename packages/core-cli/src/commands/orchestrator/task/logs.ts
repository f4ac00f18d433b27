import type { CommandSpec } from '../../../frame/metadata.ts';
import WorkflowLogs from '../../workflow/logs.ts';

export default class TaskLogs extends WorkflowLogs {
  static override summary = 'Show the log of a task';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning orchestrator task logs 0195e3a0'];
}
