import { boolean } from '@oclif/core/flags';
import { gitDiff } from '@provisioning/core';
import { select } from '../../../session/workspace.ts';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';

export default class WorkspaceGitDiff extends ProvisioningCommand {
  static override summary = 'Show the uncommitted changes of a workspace';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning workspace git diff --staged'];
  static override flags = { staged: boolean({ description: 'what would be committed' }) };

  async run(): Promise<void> {
    const { flags } = await this.parse(WorkspaceGitDiff);
    const selection = await select(this, 'none');
    const text = await gitDiff(selection.path, flags.staged);
    await this.out.result({ diff: text }, () => (text === '' ? ['No changes'] : text.split('\n')));
  }
}
