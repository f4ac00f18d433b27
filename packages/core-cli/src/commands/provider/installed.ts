import { string as argument } from '@oclif/core/args';
import { installedProviders } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openTarget } from '../../session/modules.ts';

export default class ProviderInstalled extends ProvisioningCommand {
  static override summary = 'List the providers installed in an infrastructure';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning providers installed wuji'];
  static override args = { infra: argument({ description: 'infrastructure; default the current one' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(ProviderInstalled);
    const { target } = await openTarget(this, args.infra);
    await this.out.list(
      await installedProviders(target.base),
      [
        { title: 'NAME', value: (row) => row.name },
        { title: 'VERSION', value: (row) => row.version },
        { title: 'MODE', value: (row) => row.mode },
        { title: 'PATH', value: (row) => row.path },
      ],
      'providers',
    );
  }
}
