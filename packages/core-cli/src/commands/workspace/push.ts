import { string } from '@oclif/core/flags';
import { pushWorkspace } from '@provisioning/core';
import { underLock } from '../../session/locks.ts';
import { configurationOf, select } from '../../session/workspace.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class WorkspacePush extends ProvisioningCommand {
  static override summary = 'Commit the changes of a workspace and push them';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = ['provisioning workspace push --message "Add a database server"'];
  static override flags = { message: string({ description: 'message of the commit' }) };

  async run(): Promise<void> {
    const { flags } = await this.parse(WorkspacePush);
    const selection = await select(this, 'none');
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would push: ${selection.path}`);
      return;
    }
    const result = await underLock(
      this,
      { workspace: selection, configuration: await configurationOf(this, selection) },
      'workspace push',
      () => pushWorkspace(selection.path, flags.message),
    );
    await this.out.result(result, () => [
      result.pushed
        ? `${this.out.style.mark('ok')} Pushed${result.committed ? ' a new commit' : ''}`
        : 'Nothing to push',
    ]);
  }
}
