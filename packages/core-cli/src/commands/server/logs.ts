import { string as argument } from '@oclif/core/args';
import { boolean, integer } from '@oclif/core/flags';
import { serverLogFile } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { followLogs, lastLines } from '../../log/log-file.ts';
import { accessOf } from '../../server/access.ts';
import { findServer } from '../../server/find.ts';
import { journalCommand, showJournal } from '../../server/journal.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

export default class ServerLogs extends ProvisioningCommand {
  static override summary = 'Show what was done to a server, or its own journal';
  static override description =
    'Every operation of this workspace that concerned the server, whoever ran it. --remote shows the journal of the server\nitself.';
  static override spec: CommandSpec = { access: '-' };
  static override examples = [
    'provisioning server logs web-01',
    'provisioning server logs web-01 --follow',
    'provisioning server logs web-01 --remote --tail 50',
  ];
  static override args = { server: argument({ required: true, description: 'hostname' }) };
  static override flags = {
    tail: integer({ description: 'lines from the end', default: 100, min: 0 }),
    follow: boolean({ char: 'f', description: 'go on as lines come' }),
    remote: boolean({ description: 'the journal of the server itself' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ServerLogs);
    await using session = await openInfrastructure(this);
    const { hostname } = await findServer(session, args.server);
    if (flags.remote) {
      const access = await accessOf(session, hostname, {});
      await showJournal(this, session, access, journalCommand(access, flags), `The journal of ${hostname}`);
      return;
    }
    const file = serverLogFile(session.context, hostname);
    const newest = await lastLines(file, flags.tail);
    const lines = [...(await lastLines(`${file}.1`, flags.tail - newest.length)), ...newest];
    await this.out.result(lines, () =>
      lines.length === 0 && !flags.follow ? [`Nothing has been done to ${hostname} from here`] : lines,
    );
    if (flags.follow) await followLogs(this, [file], (line) => this.runtime.stdout.write(`${line}\n`));
  }
}
