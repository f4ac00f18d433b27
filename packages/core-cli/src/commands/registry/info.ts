import { string as argument } from '@oclif/core/args';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openRegistry, type RegistryExtension, serviceFlags } from '../../registry/service.ts';

export default class RegistryInfo extends ProvisioningCommand {
  static override summary = 'Show what the extension registry knows of an extension';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning registry info taskserv/redis'];
  static override args = { name: argument({ required: true, description: 'name, or type/name' }) };
  static override flags = { ...serviceFlags };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RegistryInfo);
    const registry = await openRegistry(this, flags);
    const { type, name } = await registry.identify(args.name!);
    const record = await registry.get<RegistryExtension>(`/extensions/${type}/${name}`);
    const { stringify } = await import('yaml');
    await this.out.result(record, () => stringify(record).trimEnd().split('\n'));
  }
}
