import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { showPrices } from '../../cost/prices.ts';

export default class ServerPrice extends ProvisioningCommand {
  static override summary = 'Show what the servers of the definition cost';
  static override description =
    'A price that a provider does not state is n/a, and the total then at least what is shown. Totals are by currency.';
  static override spec: CommandSpec = { access: '-' };
  static override examples = [
    'provisioning server price',
    'provisioning server price --monthly --detailed',
    'provisioning server price web-01 --compare',
  ];
  static override args = {
    server: argument({ multiple: true, description: 'hostnames or globs; default all' }),
  };
  static override flags = {
    detailed: boolean({ description: 'plan, volumes, address and backups apart' }),
    monthly: boolean({ description: 'by the month instead of the hour' }),
    compare: boolean({ description: 'the cheapest plan that holds it, of every provider' }),
    all: boolean({ description: 'every infrastructure of the workspace' }),
    provider: string({ description: 'only servers of this provider' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ServerPrice);
    await showPrices(this, args.server, flags);
  }
}
