import { parseKind } from '@provisioning/core';
import { extensionColumns, listExtensions } from '../../extension/listing.ts';
import { kindFlag, refreshFlag, unusableFlag } from '../../extension/flags.ts';
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
    ...kindFlag,
    ...unusableFlag,
    ...refreshFlag,
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
