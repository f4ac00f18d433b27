import { string as argument } from '@oclif/core/args';
import { parseKind } from '@provisioning/core';
import { listExtensions, moduleColumns } from '../../extension/listing.ts';
import { refreshFlag, unusableFlag } from '../../extension/flags.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { currentCatalogue } from '../../session/modules.ts';

export default class ModuleDiscover extends ProvisioningCommand {
  static override summary = 'Find modules that can be loaded';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning module discover taskserv',
    'provisioning module discover taskserv postgres',
    'provisioning module discover provider --all',
  ];
  static override args = {
    type: argument({ required: true, description: 'provider, taskserv or cluster' }),
    filter: argument({ description: 'part of name, description or tags' }),
  };
  static override flags = {
    ...unusableFlag,
    ...refreshFlag,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModuleDiscover);
    const kind = parseKind(args.type);
    const { catalogue } = await currentCatalogue(this, flags.refresh);
    const rows = await listExtensions(catalogue, { kind, filter: args.filter, all: flags.all });
    for (const warning of catalogue.warnings) this.out.debug(warning);
    const view = (): readonly string[] =>
      rows.length === 0 ? [`No ${kind}s found`] : this.out.table(rows, moduleColumns);
    await this.out.result(
      rows.map(({ name }) => name),
      view,
    );
  }
}
