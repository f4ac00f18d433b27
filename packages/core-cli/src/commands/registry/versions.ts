import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import type { Column } from '../../output/table.ts';
import { openRegistry, type RegistryVersion, serviceFlags } from '../../registry/service.ts';

const columns: readonly Column<RegistryVersion>[] = [
  { title: 'version', value: ({ version }) => version },
  { title: 'published', value: ({ published_at }) => published_at ?? '' },
  { title: 'backend', value: ({ backend }) => backend.id },
];

export default class RegistryVersions extends ProvisioningCommand {
  static override summary = 'List every version of an extension, with the backend that has it';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning registry versions redis'];
  static override args = { name: argument({ required: true, description: 'name, or type/name' }) };
  static override flags = { ...serviceFlags, prerelease: boolean({ description: 'pre-releases too' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RegistryVersions);
    const registry = await openRegistry(this, flags);
    const { type, name } = await registry.identify(args.name!);
    const path = `/extensions/${type}/${name}/versions`;
    const query = { prerelease: flags.prerelease, limit: 1000 };
    const rows = await registry.get<readonly RegistryVersion[]>(path, query);
    await this.out.list(rows, columns, 'versions');
  }
}
