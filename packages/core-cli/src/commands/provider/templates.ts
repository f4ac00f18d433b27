import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openProviders } from '../../session/providers.ts';

export default class ProviderTemplates extends ProvisioningCommand {
  static override summary = 'List the operating systems a provider offers';
  static override spec: CommandSpec = { access: 'r', workspace: false };
  static override examples = ['provisioning provider templates local'];
  static override args = { provider: argument({ required: true, description: 'name' }) };
  static override flags = { find: string({ description: 'only those whose name contains a text' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ProviderTemplates);
    await using session = await openProviders(this);
    const provider = await session.registry.open(args.provider);
    const rows = await provider.listImages(flags.find === undefined ? {} : { find: flags.find });
    await this.out.list(
      rows,
      [
        { title: 'NAME', value: (row) => row.name },
        { title: 'FAMILY', value: (row) => row.os_family },
        { title: 'ARCH', value: (row) => row.arch },
        { title: 'ID', value: (row) => row.id },
      ],
      'templates',
    );
  }
}
