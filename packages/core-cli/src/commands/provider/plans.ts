import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openProviders } from '../../session/providers.ts';

export default class ProviderPlans extends ProvisioningCommand {
  static override summary = 'List the plans of a provider';
  static override spec: CommandSpec = { access: 'r', workspace: false };
  static override examples = ['provisioning provider plans local'];
  static override args = { provider: argument({ required: true, description: 'name' }) };
  static override flags = {
    zone: string({ description: 'only those of a zone' }),
    find: string({ description: 'only those whose name contains a text' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ProviderPlans);
    await using session = await openProviders(this);
    const rows = await session.registry.plans(args.provider, { zone: flags.zone, find: flags.find });
    await this.out.list(
      rows,
      [
        { title: 'NAME', value: (row) => row.name },
        { title: 'CORES', value: (row) => String(row.cores) },
        { title: 'MEMORY', value: (row) => `${row.memory_mb} MB` },
        { title: 'DISK', value: (row) => (row.disk_gb === undefined ? '-' : `${row.disk_gb} GB`) },
        { title: 'HOURLY', value: (row) => (row.hourly === undefined ? '-' : row.hourly.toFixed(4)) },
        { title: 'ZONES', value: (row) => String(row.zones.length) },
      ],
      'plans',
    );
  }
}
