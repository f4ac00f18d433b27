import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { removeProvider } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openTarget } from '../../session/modules.ts';

export default class ProviderRemove extends ProvisioningCommand {
  static override summary = 'Remove a provider from an infrastructure';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'delete' };
  static override examples = ['provisioning providers remove upcloud wuji'];
  static override args = {
    provider: argument({ required: true, description: 'name' }),
    infra: argument({ description: 'infrastructure; default the current one' }),
  };
  static override flags = { force: boolean({ description: 'also while servers use it' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ProviderRemove);
    const { target, catalogue } = await openTarget(this, args.infra);
    if (!this.globals.check)
      await removeProvider({ catalogue, target, name: args.provider, force: flags.force });
    const done = this.globals.check ? 'Would remove' : 'Removed';
    await this.out.result(
      { infra: target.name, provider: args.provider, check_mode: this.globals.check },
      () => [`${this.out.style.mark('ok')} ${done} ${args.provider} from ${target.name}`],
    );
  }
}
