import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { powerArguments, powerFlags, switchServers } from '../../server/power.ts';

export default class ServerStop extends ProvisioningCommand {
  static override summary = 'Stop servers';
  static override spec: CommandSpec = { access: 'm', sideEffect: 'update' };
  static override examples = [
    'provisioning server stop web-01',
    'provisioning server stop web-01 db-01 --check',
  ];
  static override args = powerArguments;
  static override flags = powerFlags;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ServerStop);
    await switchServers(this, 'stop', args.server, flags.force);
  }
}
