import { pullWorkspace } from '@provisioning/core';
import { select } from '../../session/workspace.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class WorkspacePull extends ProvisioningCommand {
  static override summary = 'Bring a workspace to the state of its remote; only forward';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = ['provisioning workspace pull'];

  async run(): Promise<void> {
    await this.parse(WorkspacePull);
    const selection = await select(this, 'none');
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would pull: ${selection.path}`);
      return;
    }
    const result = await pullWorkspace(selection.path);
    await this.out.result(result, () => [
      result.changed ? `${this.out.style.mark('ok')} Updated` : 'Already up to date',
    ]);
  }
}
