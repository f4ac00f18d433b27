import { string as argument } from '@oclif/core/args';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openProviders } from '../../session/providers.ts';

export default class ProviderZones extends ProvisioningCommand {
  static override summary = 'List the zones of a provider';
  static override spec: CommandSpec = { access: 'r', workspace: false };
  static override examples = ['provisioning provider zones local'];
  static override args = { provider: argument({ required: true, description: 'name' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(ProviderZones);
    await using session = await openProviders(this);
    const rows = await session.registry.zones(args.provider);
    await this.out.list(
      rows,
      [
        { title: 'NAME', value: (row) => row.name },
        { title: 'REGION', value: (row) => row.region },
        { title: 'COUNTRY', value: (row) => row.country ?? '-' },
        { title: 'AVAILABLE', value: (row) => (row.available ? 'yes' : 'no') },
      ],
      'zones',
    );
  }
}
