import { string as argument } from '@oclif/core/args';
import { integer } from '@oclif/core/flags';
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

export default class RegistrySearch extends ProvisioningCommand {
  static override summary = 'Search the extension registry by name, tag and description';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning registry search redis', 'provisioning registry search "kube*"'];
  static override args = { query: argument({ required: true, description: 'text, or a glob over names' }) };
  static override flags = {
    ...serviceFlags,
    ...kindFlag,
    limit: integer({ description: 'so many at most', default: 50 }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RegistrySearch);
    const registry = await openRegistry(this, flags);
    const type = flags.type === undefined ? undefined : parseKind(flags.type);
    const rows = await registry.get<readonly RegistryExtension[]>('/extensions/search', {
      q: args.query,
      limit: flags.limit,
      type,
    });
    await this.out.list(rows, extensionColumns, 'extensions');
  }
}
