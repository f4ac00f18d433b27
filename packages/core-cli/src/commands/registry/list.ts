import { boolean, integer } from '@oclif/core/flags';
import { parseKind } from '@provisioning/core';
import { kindFlag } from '../../extension/flags.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import {
  extensionColumns,
  openRegistry,
  type RegistryExtension,
  serviceFlags,
} from '../../registry/service.ts';

export default class RegistryList extends ProvisioningCommand {
  static override summary = 'List the extensions that the extension registry knows';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning registry list --type provider'];
  static override flags = {
    ...serviceFlags,
    ...kindFlag,
    limit: integer({ description: 'so many at most', default: 50 }),
    offset: integer({ description: 'after so many', default: 0 }),
    prerelease: boolean({ description: 'pre-releases too' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(RegistryList);
    const registry = await openRegistry(this, flags);
    const { limit, offset, prerelease } = flags;
    const type = flags.type === undefined ? undefined : parseKind(flags.type);
    const query = { limit, offset, prerelease, type };
    const rows = await registry.get<readonly RegistryExtension[]>('/extensions', query);
    await this.out.list(rows, extensionColumns, 'extensions');
  }
}
