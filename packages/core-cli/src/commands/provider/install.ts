import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { installProvider } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openTarget } from '../../session/modules.ts';

export default class ProviderInstall extends ProvisioningCommand {
  static override summary = 'Link a provider into an infrastructure';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = ['provisioning providers install upcloud wuji'];
  static override args = {
    provider: argument({ required: true, description: 'name' }),
    infra: argument({ description: 'infrastructure; default the current one' }),
  };
  static override flags = { force: boolean({ description: 'replace a link that leads elsewhere' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ProviderInstall);
    const { target, catalogue } = await openTarget(this, args.infra);
    const pinnedOnly = /^prod(uction)?$/.test(this.globals.environment ?? '');
    if (this.globals.check) await catalogue.get('provider', args.provider);
    const entry = this.globals.check
      ? undefined
      : await installProvider({ catalogue, target, name: args.provider, force: flags.force, pinnedOnly });
    const { style } = this.out;
    const line =
      entry === undefined
        ? `${style.mark('info')} Would link ${args.provider} into ${target.name}`
        : entry.status === 'already-loaded'
          ? `${style.mark('info')} already installed: ${args.provider} ${entry.version}`
          : `${style.mark('ok')} Installed ${args.provider} ${entry.version} → ${entry.path}`;
    await this.out.result(
      { infra: target.name, check_mode: this.globals.check, provider: entry ?? { name: args.provider } },
      () => [line],
    );
  }
}
