import type { CommandSpec } from '../../../frame/metadata.ts';
import WorkflowResume from '../../workflow/resume.ts';

export default class TaskRetry extends WorkflowResume {
  static override summary = 'Run a failed or cancelled task again';
  static override spec: CommandSpec = { access: 'w', workspace: false, sideEffect: 'update' };
  static override examples = ['provisioning orchestrator task retry 0195e3a0'];
}
