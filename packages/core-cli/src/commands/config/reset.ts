import { string as argument } from '@oclif/core/args';
import { resetConfiguration } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { loadOptionsOf, selectOptional } from '../../session/workspace.ts';

export default class ConfigReset extends ProvisioningCommand {
  static override summary = 'Take your settings back to the defaults, all of them or one section';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = ['provisioning config reset', 'provisioning config reset cache --yes'];
  static override args = { section: argument({ description: 'dotted key or section; default everything' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(ConfigReset);
    const options = loadOptionsOf(this, await selectOptional(this));
    const planned = await resetConfiguration(options, args.section, true);
    if (this.globals.check) {
      await this.out.result({ check_mode: true, ...planned }, () => [
        `${this.out.style.mark('warning')} Check mode: No changes will be made`,
        'Would change:',
        ...planned.files.map((file) => `  - ${file}`),
      ]);
      return;
    }
    await this.confirm(
      args.section === undefined ? 'Reset your whole configuration?' : `Reset '${args.section}'?`,
    );
    const result = await resetConfiguration(options, args.section);
    await this.out.result(result, () => [
      `${this.out.style.mark('ok')} Reset: ${result.files.join(', ')}`,
      `  Backup: ${result.backup ?? ''}`,
    ]);
  }
}
