import { string } from '@oclif/core/flags';
import { syncWorkspace } from '@provisioning/core';
import { underLock } from '../../session/locks.ts';
import { configurationOf, select } from '../../session/workspace.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class WorkspaceSync extends ProvisioningCommand {
  static override summary = 'Pull, then push';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = ['provisioning workspace sync'];
  static override flags = { message: string({ description: 'message of the commit' }) };

  async run(): Promise<void> {
    const { flags } = await this.parse(WorkspaceSync);
    const selection = await select(this, 'none');
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would pull and push: ${selection.path}`);
      return;
    }
    const result = await underLock(
      this,
      { workspace: selection, configuration: await configurationOf(this, selection) },
      'workspace sync',
      () => syncWorkspace(selection.path, flags.message),
    );
    await this.out.result(result, () => [
      `${this.out.style.mark('ok')} Synchronised${result.changed ? ', with changes from the remote' : ''}${result.pushed ? ', yours were pushed' : ''}`,
    ]);
  }
}
