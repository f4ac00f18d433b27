import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { accessOf } from '../../server/access.ts';
import { runOnServer } from '../../server/shell.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

export default class ServerSsh extends ProvisioningCommand {
  static override summary = 'Open a shell on a server, or run one command there';
  static override description = 'With a command, only its output is printed and its exit code is ours.';
  static override spec: CommandSpec = { access: '-', interactive: true };
  static override examples = [
    'provisioning server ssh web-01',
    'provisioning server ssh web-01 uptime',
    "provisioning server ssh db-01 'cat /etc/hostname' > hostname",
    'provisioning server ssh db-01 -- systemctl --failed',
  ];
  static override strict = false;
  static override args = { server: argument({ required: true, description: 'hostname' }) };
  static override flags = {
    command: string({ description: 'command to run instead of a shell' }),
    user: string({ description: 'user on the server' }),
    key: string({ description: 'private key file' }),
    port: string({ description: 'port of sshd' }),
  };

  async run(): Promise<void> {
    const { args, argv, flags } = await this.parse(ServerSsh);
    await using session = await openInfrastructure(this);
    const access = await accessOf(session, args.server, flags);
    const words = [...(argv as string[]).slice(1), ...this.host.passthrough];
    const line = flags.command ?? (words.length === 0 ? undefined : words.join(' '));
    this.exitCode = await runOnServer(this, session, access, line);
  }
}
