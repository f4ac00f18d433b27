import { string as argument } from '@oclif/core/args';
import { getPreference, preferenceRules } from '@provisioning/core';
import { surroundingsOf } from '../../session/surroundings.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class WorkspaceGetPreference extends ProvisioningCommand {
  static override summary = 'Print one preference';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning workspace get-preference editor'];
  static override args = {
    key: argument({ required: true, description: Object.keys(preferenceRules).join(', ') }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(WorkspaceGetPreference);
    const value = await getPreference(surroundingsOf(this.runtime), args.key!);
    await this.out.result(value, () => [value === null ? '' : String(value)]);
  }
}
