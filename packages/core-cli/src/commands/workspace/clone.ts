import { string as argument } from '@oclif/core/args';
import { integer } from '@oclif/core/flags';
import { cloneWorkspace } from '@provisioning/core';
import { surroundingsOf } from '../../session/surroundings.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class WorkspaceClone extends ProvisioningCommand {
  static override summary = 'Clone a workspace from git and register it';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = ['provisioning workspace clone https://git.example.com/team/shop.git ./shop'];
  static override args = {
    source: argument({ required: true, description: 'address of the repository' }),
    path: argument({ required: true, description: 'folder; must be free' }),
  };
  static override flags = { depth: integer({ description: 'only the newest commits' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkspaceClone);
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would clone ${args.source} to ${args.path}`);
      return;
    }
    const workspace = await cloneWorkspace(
      surroundingsOf(this.runtime),
      args.source!,
      args.path!,
      flags.depth === undefined ? {} : { depth: flags.depth },
    );
    await this.out.result(workspace, () => [
      `${this.out.style.mark('ok')} Workspace '${workspace.name}' cloned to ${workspace.path}`,
    ]);
  }
}
