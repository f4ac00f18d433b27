import { string as argument } from '@oclif/core/args';
import { shellQuote } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { accessOf } from '../../server/access.ts';
import { runOnServer } from '../../server/shell.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

export default class ServerExec extends ProvisioningCommand {
  static override summary = 'Run a command on a server; its exit code is ours';
  static override spec: CommandSpec = { access: '-' };
  static override examples = [
    'provisioning server exec web-01 hostname',
    'provisioning server exec db-01 -- systemctl status postgresql',
  ];
  static override strict = false;
  static override args = { server: argument({ required: true, description: 'hostname' }) };

  async run(): Promise<void> {
    const { args, argv } = await this.parse(ServerExec);
    const words = [...(argv as string[]).slice(1), ...this.host.passthrough];
    if (words.length === 0) {
      throw new ProvisioningError({
        code: 'MISSING_ARGUMENT',
        kind: 'usage',
        message: 'Missing required argument: command\nUsage: provisioning server exec <server> <command..>',
      });
    }
    await using session = await openInfrastructure(this);
    const access = await accessOf(session, args.server, {});
    // One word is a line for the remote shell; several are a program and its arguments, kept apart.
    const line = words.length === 1 ? words[0]! : words.map(shellQuote).join(' ');
    this.exitCode = await runOnServer(this, session, access, line);
  }
}
