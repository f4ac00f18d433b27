import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { registerWorkspace } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { surroundingsOf } from '../../session/surroundings.ts';

export default class WorkspaceRegister extends ProvisioningCommand {
  static override summary = 'Add an existing workspace to the registry';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = ['provisioning workspace register shop ~/code/shop --activate'];
  static override args = {
    name: argument({ required: true, description: 'name in the registry' }),
    path: argument({ required: true, description: 'directory of the workspace' }),
  };
  static override flags = { activate: boolean({ description: 'make it the active workspace' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkspaceRegister);
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would register: ${args.name} at ${args.path}`);
      return;
    }
    const options = { activate: flags.activate };
    const workspace = await registerWorkspace(surroundingsOf(this.runtime), args.name, args.path, options);
    await this.out.result(workspace, () => [
      `${this.out.style.mark('ok')} Workspace '${workspace.name}' registered`,
      `Path: ${workspace.path}`,
    ]);
  }
}
