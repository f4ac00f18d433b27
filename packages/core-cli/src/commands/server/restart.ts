import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { powerArguments, powerFlags, switchServers } from '../../server/power.ts';

export default class ServerRestart extends ProvisioningCommand {
  static override summary = 'Restart servers';
  static override spec: CommandSpec = { access: 'm', sideEffect: 'update' };
  static override examples = [
    'provisioning server restart web-01',
    'provisioning server restart web-01 db-01 --check',
  ];
  static override args = powerArguments;
  static override flags = powerFlags;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ServerRestart);
    await switchServers(this, 'restart', args.server, flags.force);
  }
}
