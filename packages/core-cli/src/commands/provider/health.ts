import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openProviders } from '../../session/providers.ts';

export default class ProviderHealth extends ProvisioningCommand {
  static override summary = 'Ask providers whether they answer, and how fast';
  static override spec: CommandSpec = { access: 'r', workspace: false };
  static override examples = ['provisioning provider health local', 'provisioning provider health --all'];
  static override args = { provider: argument({ description: 'name; default all' }) };
  static override flags = { all: boolean({ description: 'all available providers' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(ProviderHealth);
    await using session = await openProviders(this);
    if (args.provider !== undefined) await session.catalogue.get('provider', args.provider);
    const rows = await session.registry.health(args.provider === undefined ? undefined : [args.provider]);
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
    if (args.provider !== undefined && rows.some(({ healthy }) => !healthy)) this.exitCode = 1;
  }
}
