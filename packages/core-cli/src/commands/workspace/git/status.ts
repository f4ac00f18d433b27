import { gitStatus } from '@provisioning/core';
import { select } from '../../../session/workspace.ts';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';

export default class WorkspaceGitStatus extends ProvisioningCommand {
  static override summary = 'Show what git says of a workspace';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning workspace git status'];

  async run(): Promise<void> {
    await this.parse(WorkspaceGitStatus);
    const selection = await select(this, 'none');
    const text = await gitStatus(selection.path);
    await this.out.result({ status: text.split('\n') }, () => text.split('\n'));
  }
}
