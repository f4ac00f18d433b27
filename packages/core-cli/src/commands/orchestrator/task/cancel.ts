import type { CommandSpec } from '../../../frame/metadata.ts';
import WorkflowCancel from '../../workflow/cancel.ts';

export default class TaskCancel extends WorkflowCancel {
  static override summary = 'Cancel a task; what it has done stays unless --rollback';
  static override spec: CommandSpec = { access: 'd', workspace: false, sideEffect: 'delete' };
  static override examples = ['provisioning orchestrator task cancel 0195e3a0'];
}
