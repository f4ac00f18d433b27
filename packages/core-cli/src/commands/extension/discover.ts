import { boolean, string } from '@oclif/core/flags';
import { parseKind } from '@provisioning/core';
import { extensionColumns, listExtensions } from '../../extension/listing.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { currentCatalogue } from '../../session/modules.ts';

export default class ExtensionDiscover extends ProvisioningCommand {
  static override summary = 'Find extensions in all places';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning extension discover',
    'provisioning extension discover --type provider --all',
  ];
  static override flags = {
    type: string({ description: 'provider, taskserv or cluster' }),
    all: boolean({ description: 'also those that can not be used, with the reason' }),
    refresh: boolean({ description: 'read every manifest again' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(ExtensionDiscover);
    const { catalogue } = await currentCatalogue(this, flags.refresh);
    const kind = flags.type === undefined ? undefined : parseKind(flags.type);
    const rows = await listExtensions(catalogue, { ...(kind === undefined ? {} : { kind }), all: flags.all });
    for (const warning of catalogue.warnings) this.out.warn(warning);
    await this.out.list(rows, extensionColumns, 'extensions');
  }
}
