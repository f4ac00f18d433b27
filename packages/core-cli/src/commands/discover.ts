import { string as argument } from '@oclif/core/args';
import { parseKind } from '@provisioning/core';
import { listExtensions, moduleColumns } from '../extension/listing.ts';
import { refreshFlag, unusableFlag } from '../extension/flags.ts';
import { ProvisioningCommand } from '../frame/command.ts';
import type { CommandSpec } from '../frame/metadata.ts';
import { currentCatalogue } from '../session/modules.ts';

export default class Discover extends ProvisioningCommand {
  static override summary = 'Find extensions, with everything known about them';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning discover taskserv', 'provisioning discover provider --out json'];
  static override args = {
    type: argument({ required: true, description: 'provider, taskserv or cluster' }),
    filter: argument({ description: 'part of name, description or tags' }),
  };
  static override flags = {
    ...unusableFlag,
    ...refreshFlag,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Discover);
    const kind = parseKind(args.type);
    const { catalogue } = await currentCatalogue(this, flags.refresh);
    const rows = await listExtensions(catalogue, { kind, filter: args.filter, all: flags.all });
    await this.out.list(rows, moduleColumns, `${kind}s`);
  }
}
