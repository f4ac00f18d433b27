import { string as argument } from '@oclif/core/args';
import { activateWorkspace } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { surroundingsOf } from '../../session/surroundings.ts';

export default class WorkspaceActivate extends ProvisioningCommand {
  static override summary = 'Make a workspace the active one';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = [
    'provisioning workspace activate demo',
    'provisioning ws switch shop:production',
  ];
  static override args = {
    workspace: argument({ required: true, description: 'name[:infra], or path of a workspace' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(WorkspaceActivate);
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would activate: ${args.workspace}`);
      return;
    }
    const workspace = await activateWorkspace(surroundingsOf(this.runtime), args.workspace);
    if (this.globals.quiet) return;
    await this.out.result(workspace, () => [
      `${this.out.style.mark('ok')} Workspace '${workspace.name}' activated`,
      `Current workspace: ${workspace.name}`,
      `Path: ${workspace.path}`,
    ]);
    this.out.info('All provisioning commands will now use this workspace');
  }
}
