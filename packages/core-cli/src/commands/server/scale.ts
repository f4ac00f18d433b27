import { string as argument } from '@oclif/core/args';
import { integer } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { scaleGroup } from '../../server/scale.ts';

export default class ServerScale extends ProvisioningCommand {
  static override summary = 'Change how many servers a group has';
  static override description =
    'The definition stays as it is: the number is kept with the state until the definition asks for another one. More are\ncreated; fewer go newest first.';
  static override spec: CommandSpec = { access: 'm', sideEffect: 'update', slow: true };
  static override examples = [
    'provisioning server scale web --count 5 --check',
    'provisioning server scale --count 2',
  ];
  static override args = { group: argument({ description: 'group; default the only one' }) };
  static override flags = { count: integer({ description: 'servers', required: true, min: 0 }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ServerScale);
    await scaleGroup(this, args.group, flags.count);
  }
}
