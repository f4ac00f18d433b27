import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { packArguments, packFlags, packOne } from '../../pack/pack-one.ts';

export default class PackTaskserv extends ProvisioningCommand {
  static override summary = 'Write a taskserv as an immutable archive';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = ['provisioning pack taskserv example --output ./packs'];
  static override args = packArguments;
  static override flags = packFlags;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(PackTaskserv);
    await packOne(this, 'taskserv', args.name!, flags);
  }
}
