import { string as argument } from '@oclif/core/args';
import { preferenceRules, setPreference } from '@provisioning/core';
import { currentCatalogue } from '../../session/modules.ts';
import { surroundingsOf } from '../../session/surroundings.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class WorkspaceSetPreference extends ProvisioningCommand {
  static override summary = 'Set a preference; an empty value unsets it';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = [
    'provisioning workspace set-preference editor nano',
    'provisioning workspace set-preference confirm_deploy false',
  ];
  static override args = {
    key: argument({ required: true, description: Object.keys(preferenceRules).join(', ') }),
    value: argument({ required: true, description: 'value' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(WorkspaceSetPreference);
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would set ${args.key} = ${args.value}`);
      return;
    }
    const { catalogue } = await currentCatalogue(this);
    const providers =
      args.key === 'preferred_provider'
        ? (await catalogue.list('provider')).map(({ name }) => name)
        : undefined;
    await setPreference(surroundingsOf(this.runtime), args.key!, args.value!, providers);
    await this.out.result({ [args.key!]: args.value }, () => [
      `${this.out.style.mark('ok')} ${args.key} = ${args.value === '' ? '(not set)' : args.value}`,
    ]);
  }
}
