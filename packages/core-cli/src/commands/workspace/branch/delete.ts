import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { workspaceBranches } from '@provisioning/core';
import { select } from '../../../session/workspace.ts';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';

export default class WorkspaceBranchDelete extends ProvisioningCommand {
  static override summary = 'Delete a git branch; unmerged ones need --force';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'delete' };
  static override examples = ['provisioning workspace branch delete staging'];
  static override args = { name: argument({ required: true, description: 'branch' }) };
  static override flags = { force: boolean({ description: 'also an unmerged one' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkspaceBranchDelete);
    const selection = await select(this, 'none');
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would delete the branch ${args.name}`);
      return;
    }
    await workspaceBranches.delete(selection.path, args.name!, flags.force);
    await this.out.result({ branch: args.name, deleted: true }, () => [
      `${this.out.style.mark('ok')} Branch '${args.name}' deleted`,
    ]);
  }
}
