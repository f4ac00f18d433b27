import { boolean } from '@oclif/core/flags';
import { parseKind } from '@provisioning/core';
import { extensionColumns, listExtensions } from '../../extension/listing.ts';
import { kindFlag } from '../../extension/flags.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { currentCatalogue } from '../../session/modules.ts';

export default class ExtensionList extends ProvisioningCommand {
  static override summary = 'List extensions';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning extension list',
    'provisioning extension list --type cluster --installed',
  ];
  static override flags = {
    ...kindFlag,
    installed: boolean({ description: 'only what was installed or belongs to the workspace' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(ExtensionList);
    const { catalogue } = await currentCatalogue(this);
    const kind = flags.type === undefined ? undefined : parseKind(flags.type);
    const rows = await listExtensions(catalogue, kind === undefined ? {} : { kind });
    await this.out.list(
      flags.installed ? rows.filter(({ layer }) => layer !== 'core') : rows,
      extensionColumns,
      'extensions',
    );
  }
}
