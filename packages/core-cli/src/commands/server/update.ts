import { string as argument } from '@oclif/core/args';
import { boolean, integer, string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { updatePackages } from '../../server/packages.ts';
import { updateServers } from '../../server/update.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

export default class ServerUpdate extends ProvisioningCommand {
  static override summary = 'Bring existing servers to their definition, or their packages up to date';
  static override description =
    'Changes plan, tags, firewall and the size of volumes. With --rolling batch by batch: a batch that is not healthy goes\nback to what it was, later ones are not touched, and --resume goes on from there.';
  static override spec: CommandSpec = { access: 'm', sideEffect: 'update', slow: true };
  static override examples = [
    'provisioning server update --check',
    'provisioning server update web-01 --yes',
    'provisioning server update --rolling --batch-size 2 --health-command "curl -fs localhost/health"',
    'provisioning server update --rolling --resume',
    'provisioning server update --os-update --reboot',
  ];
  static override args = {
    server: argument({ multiple: true, description: 'hostnames or globs; default all' }),
  };
  static override flags = {
    rolling: boolean({ description: 'batch by batch, with a health check after each' }),
    'batch-size': integer({ description: 'servers of a batch', default: 1, min: 1 }),
    'health-check-interval': string({
      description: 'time before the health check of a batch',
      default: '30s',
    }),
    'health-command': string({ description: 'command that succeeds on a healthy server' }),
    resume: boolean({ description: 'go on where a rolling update stopped' }),
    'os-update': boolean({ description: 'packages of the operating system, one server at a time' }),
    reboot: boolean({ description: 'restart a server whose packages ask for it' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ServerUpdate);
    await using session = await openInfrastructure(this);
    if (flags['os-update']) await updatePackages(this, session, args.server, flags.reboot);
    else
      await updateServers(this, session, args.server, {
        rolling: flags.rolling || flags.resume,
        batchSize: flags['batch-size'],
        interval: flags['health-check-interval'],
        resume: flags.resume,
        ...(flags['health-command'] === undefined ? {} : { healthCommand: flags['health-command'] }),
      });
  }
}
