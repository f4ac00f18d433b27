import { backupConfiguration } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { surroundingsOf } from '../../session/surroundings.ts';
import { selectOptional } from '../../session/workspace.ts';

export default class ConfigBackup extends ProvisioningCommand {
  static override summary = 'Back up your configuration and that of the workspace';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = ['provisioning config backup'];

  async run(): Promise<void> {
    await this.parse(ConfigBackup);
    const selection = await selectOptional(this);
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(
        'Would back up: your files' + (selection === undefined ? '' : ` and ${selection.path}/config`),
      );
      return;
    }
    const file = await backupConfiguration({
      surroundings: surroundingsOf(this.runtime),
      ...(selection === undefined ? {} : { workspacePath: selection.path }),
    });
    await this.out.result({ file }, () => [`${this.out.style.mark('ok')} Backup created: ${file}`]);
  }
}
