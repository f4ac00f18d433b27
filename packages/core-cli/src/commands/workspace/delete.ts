import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { deleteWorkspace } from '@provisioning/core';
import { surroundingsOf } from '../../session/surroundings.ts';
import { workspaceNamed } from '../../session/workspace.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class WorkspaceDelete extends ProvisioningCommand {
  static override summary = 'Delete the files of a workspace after a backup';
  static override spec: CommandSpec = { access: 'd', workspace: false, sideEffect: 'delete' };
  static override examples = ['provisioning workspace delete demo'];
  static override args = { workspace: argument({ required: true, description: 'name in the registry' }) };
  static override flags = { force: boolean({ description: 'also with servers or locks; still asks' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkspaceDelete);
    const surroundings = surroundingsOf(this.runtime);
    const options = { version: this.host.catalogue.version, force: flags.force };
    const { path } = await workspaceNamed(this, args.workspace);
    const planned = await deleteWorkspace(surroundings, args.workspace!, { ...options, check: true });
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would delete: ${path}, after a backup in ${planned.backup}`);
      return;
    }
    await this.confirm(`Delete workspace '${args.workspace}' at ${path}?`, { typed: args.workspace });
    const { backup } = await deleteWorkspace(surroundings, args.workspace!, options);
    await this.out.result({ name: args.workspace, path, backup }, () => [
      `${this.out.style.mark('ok')} Workspace '${args.workspace}' deleted`,
      `  Backup: ${backup}`,
    ]);
  }
}
