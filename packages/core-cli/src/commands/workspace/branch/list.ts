import { workspaceBranches } from '@provisioning/core';
import { select } from '../../../session/workspace.ts';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';

export default class WorkspaceBranchList extends ProvisioningCommand {
  static override summary = 'List the git branches of a workspace';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning workspace branch list'];

  async run(): Promise<void> {
    await this.parse(WorkspaceBranchList);
    const selection = await select(this, 'none');
    await this.out.list(
      await workspaceBranches.list(selection.path),
      [
        { title: 'NAME', value: (row) => row.name },
        { title: 'CURRENT', value: (row) => (row.current ? 'yes' : '') },
      ],
      'branches',
    );
  }
}
