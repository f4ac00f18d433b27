import { string } from '@oclif/core/flags';
import { restoreConfiguration } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { surroundingsOf } from '../../session/surroundings.ts';
import { selectOptional } from '../../session/workspace.ts';

export default class ConfigRestore extends ProvisioningCommand {
  static override summary = 'Restore a backup of the configuration; what is there is backed up first';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = ['provisioning config restore --backup latest'];
  static override flags = { backup: string({ description: 'latest, or an archive', default: 'latest' }) };

  async run(): Promise<void> {
    const { flags } = await this.parse(ConfigRestore);
    const selection = await selectOptional(this);
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would restore: ${flags.backup}`);
      return;
    }
    await this.confirm(`Replace the configuration by the backup '${flags.backup}'?`);
    const places = {
      surroundings: surroundingsOf(this.runtime),
      ...(selection === undefined ? {} : { workspacePath: selection.path }),
    };
    const { file, previous } = await restoreConfiguration(places, flags.backup);
    await this.out.result({ file, previous }, () => [
      `${this.out.style.mark('ok')} Configuration restored from ${file}`,
      `  What was there: ${previous}`,
    ]);
  }
}
