import { string as argument } from '@oclif/core/args';
import { workspaceBranches } from '@provisioning/core';
import { select } from '../../../session/workspace.ts';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';

export default class WorkspaceBranchSwitch extends ProvisioningCommand {
  static override summary = 'Switch to a git branch; refused with uncommitted changes';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = ['provisioning workspace branch switch staging'];
  static override args = { name: argument({ required: true, description: 'branch' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(WorkspaceBranchSwitch);
    const selection = await select(this, 'none');
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would switch the branch ${args.name}`);
      return;
    }
    await workspaceBranches.switch(selection.path, args.name!);
    await this.out.result({ branch: args.name }, () => [
      `${this.out.style.mark('ok')} Branch '${args.name}' checked out`,
    ]);
  }
}
