import { string as argument } from '@oclif/core/args';
import { workspaceBranches } from '@provisioning/core';
import { select } from '../../../session/workspace.ts';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';

export default class WorkspaceBranchCreate extends ProvisioningCommand {
  static override summary = 'Make a git branch of a workspace';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = ['provisioning workspace branch create staging'];
  static override args = { name: argument({ required: true, description: 'branch' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(WorkspaceBranchCreate);
    const selection = await select(this, 'none');
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would create the branch ${args.name}`);
      return;
    }
    await workspaceBranches.create(selection.path, args.name!);
    await this.out.result({ branch: args.name }, () => [
      `${this.out.style.mark('ok')} Branch '${args.name}' created`,
    ]);
  }
}
