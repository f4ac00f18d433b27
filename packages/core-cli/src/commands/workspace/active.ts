import { activeWorkspace } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { surroundingsOf } from '../../session/surroundings.ts';

export default class WorkspaceActive extends ProvisioningCommand {
  static override summary = 'Show which workspace is active';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning workspace active'];

  async run(): Promise<void> {
    await this.parse(WorkspaceActive);
    const workspace = await activeWorkspace(surroundingsOf(this.runtime));
    await this.out.result(workspace, () => [
      'Active Workspace:',
      `  Name: ${workspace.name}`,
      `  Path: ${workspace.path}`,
      `  Last used: ${workspace.last_used}`,
    ]);
  }
}
