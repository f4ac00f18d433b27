import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { removeWorkspace, workspaceInfo } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { surroundingsOf } from '../../session/surroundings.ts';

export default class WorkspaceRemove extends ProvisioningCommand {
  static override summary = 'Take a workspace out of the registry; its files stay';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'delete' };
  static override examples = [
    'provisioning workspace remove demo',
    'provisioning workspace remove demo --force',
  ];
  static override args = { workspace: argument({ required: true, description: 'name in the registry' }) };
  static override flags = { force: boolean({ description: 'do not ask' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkspaceRemove);
    const surroundings = surroundingsOf(this.runtime);
    const { path } = await workspaceInfo(surroundings, args.workspace);
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would remove from the registry: ${args.workspace} (${path})`);
      return;
    }
    if (!flags.force) await this.confirm(`Remove workspace '${args.workspace}' from the registry?`);
    await removeWorkspace(surroundings, args.workspace);
    await this.out.result({ name: args.workspace, path, removed: true }, () => [
      `${this.out.style.mark('ok')} Workspace '${args.workspace}' removed from the registry`,
      `Its files stay in ${path}`,
    ]);
  }
}
