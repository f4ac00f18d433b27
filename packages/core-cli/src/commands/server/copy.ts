import { string as argument } from '@oclif/core/args';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { copyBetween } from '../../server/copy.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

export default class ServerCopy extends ProvisioningCommand {
  static override summary = 'Copy files or folders to, from or between servers';
  static override description = 'host:path names a place on a server. Folders go with everything in them.';
  static override spec: CommandSpec = { access: 'm', sideEffect: 'update' };
  static override examples = [
    'provisioning server copy site.tar web-01:/srv/',
    'provisioning server copy db-01:/var/backups ./backups',
    'provisioning server copy web-01:/etc/motd web-02:/etc/motd',
  ];
  static override args = {
    source: argument({ required: true, description: 'path, or host:path' }),
    target: argument({ required: true, description: 'path, or host:path' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(ServerCopy);
    await using session = await openInfrastructure(this);
    await copyBetween(this, session, args.source, args.target);
    await this.out.result({ source: args.source, target: args.target, status: 'copied' }, () => [
      `${this.out.style.mark('ok')} Copied ${args.source} to ${args.target}`,
    ]);
  }
}
