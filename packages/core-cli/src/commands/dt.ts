import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { listExtensions, moduleColumns } from '../extension/listing.ts';
import { ProvisioningCommand } from '../frame/command.ts';
import type { CommandSpec } from '../frame/metadata.ts';
import { currentCatalogue } from '../session/modules.ts';

export default class DiscoverTaskservs extends ProvisioningCommand {
  static override summary = 'Find taskservs (short for module discover taskserv)';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning dt', 'provisioning dt sql'];
  static override args = { filter: argument({ description: 'part of name, description or tags' }) };
  static override flags = {
    all: boolean({ description: 'also those that can not be used, with the reason' }),
    refresh: boolean({ description: 'read every manifest again' }),
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
