import { string as argument } from '@oclif/core/args';
import { validateModules } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openTarget } from '../../session/modules.ts';

export default class ModuleValidate extends ProvisioningCommand {
  static override summary = 'Check loaded modules: folders, integrity, versions, dependencies, imports';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning module validate .'];
  static override args = { target: argument({ description: 'where; default the current infrastructure' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(ModuleValidate);
    const { target, catalogue } = await openTarget(this, args.target);
    const errors = await validateModules(target, catalogue);
    const { style } = this.out;
    await this.out.result({ target: target.name, valid: errors.length === 0, errors }, () =>
      errors.length === 0
        ? [`${style.mark('ok')} Modules of ${target.name} are valid`]
        : errors.map(({ message }) => `${style.mark('error')} ${message}`),
    );
    if (errors.length > 0) this.exitCode = 1;
  }
}
