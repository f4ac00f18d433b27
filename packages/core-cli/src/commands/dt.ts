import { string as argument } from '@oclif/core/args';
import { listExtensions, moduleColumns } from '../extension/listing.ts';
import { refreshFlag, unusableFlag } from '../extension/flags.ts';
import { ProvisioningCommand } from '../frame/command.ts';
import type { CommandSpec } from '../frame/metadata.ts';
import { currentCatalogue } from '../session/modules.ts';

export default class DiscoverTaskservs extends ProvisioningCommand {
  static override summary = 'Find taskservs (short for module discover taskserv)';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning dt', 'provisioning dt sql'];
  static override args = { filter: argument({ description: 'part of name, description or tags' }) };
  static override flags = {
    ...unusableFlag,
    ...refreshFlag,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(DiscoverTaskservs);
    const { catalogue } = await currentCatalogue(this, flags.refresh);
    const options = { kind: 'taskserv' as const, filter: args.filter, all: flags.all };
    const rows = await listExtensions(catalogue, options);
    const view = (): readonly string[] =>
      rows.length === 0 ? ['No taskservs found'] : this.out.table(rows, moduleColumns);
    await this.out.result(
      rows.map(({ name }) => name),
      view,
    );
  }
}
