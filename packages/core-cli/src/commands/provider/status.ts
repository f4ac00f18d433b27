import { string as argument } from '@oclif/core/args';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openProviders } from '../../session/providers.ts';

export default class ProviderStatus extends ProvisioningCommand {
  static override summary = 'Show the health record of a provider';
  static override spec: CommandSpec = { access: 'r', workspace: false };
  static override examples = ['provisioning provider status local'];
  static override args = { provider: argument({ required: true, description: 'name' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(ProviderStatus);
    await using session = await openProviders(this);
    await session.catalogue.get('provider', args.provider);
    const rows = await session.registry.health([args.provider]);
    await this.out.list(
      rows,
      [
        { title: 'PROVIDER', value: (row) => row.provider },
        { title: 'HEALTHY', value: (row) => (row.healthy ? 'yes' : 'no') },
        { title: 'LATENCY', value: (row) => `${Math.round(row.latency_ms)} ms` },
        { title: 'CHECKED', value: (row) => row.checked_at },
      ],
      'providers',
    );
    for (const { provider, error } of rows) if (error !== undefined) this.out.warn(`${provider}: ${error}`);
    if (rows.some(({ healthy }) => !healthy)) this.exitCode = 1;
  }
}
