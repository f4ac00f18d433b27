import { boolean, integer, string } from '@oclif/core/flags';
import { prepareTaskserv, shellQuote } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

import { placed } from '../../taskserv/placed.ts';
import { taskservArguments, taskservFlags, taskservTargets } from '../../taskserv/targets.ts';

/** Priorities of the journal. */
const levels: Readonly<Record<string, string>> = {
  error: 'err',
  warn: 'warning',
  info: 'info',
  debug: 'debug',
};

export default class TaskservLogs extends ProvisioningCommand {
  static override summary = 'Show the journal of a taskserv';
  static override spec: CommandSpec = { access: '-' };
  static override examples = [
    'provisioning taskserv logs redis',
    'provisioning taskserv logs postgres db-01 --tail 20 --follow',
  ];
  static override args = taskservArguments;
  static override flags = {
    ...taskservFlags,
    tail: integer({ description: 'lines from the end', default: 100, min: 0 }),
    follow: boolean({ description: 'go on as lines come' }),
    level: string({
      description: 'only this and worse: error, warn, info, debug',
      options: Object.keys(levels),
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TaskservLogs);
    await using session = await openInfrastructure(this);
    const targets = await taskservTargets(session, args.taskserv ?? [], flags);
    const places = await placed(session, targets);
    const several = places.length > 1;
    await Promise.all(
      places.map(async ({ server, use, references }) => {
        const { units } = await prepareTaskserv(session.context, server, use, { references });
        if (units.length === 0) throw noJournal(use.name);
        const provider = await session.context.provider(server.provider);
        const access = await provider.getAccess({ hostname: server.hostname });
        const transport = await session.context.transports.open(access, { signal: this.signal });
        const words = [
          ...(access.kind === 'ssh' && access.user !== 'root' ? ['sudo', '-n'] : []),
          ...['journalctl', '--no-pager', '--quiet', '--output', 'short-iso', '--lines', String(flags.tail)],
          ...(flags.follow ? ['--follow'] : []),
          ...(flags.level === undefined ? [] : ['--priority', levels[flags.level]!]),
          ...units.flatMap((unit) => ['--unit', unit]),
        ];
        const { code, stderr } = await transport.run(words.map(shellQuote).join(' '), {
          signal: this.signal,
          onLine: (line, stream) => {
            if (stream === 'stdout')
              this.runtime.stdout.write(`${several ? `${server.hostname}/${use.name}: ` : ''}${line}\n`);
          },
        });
        if (code !== 0) {
          throw new ProvisioningError({
            code: 'LOGS_FAILED',
            message: `The journal of ${use.name} on ${server.hostname} cannot be read: ${stderr.trim()}`,
          });
        }
      }),
    );
  }
}

function noJournal(name: string): ProvisioningError {
  return new ProvisioningError({
    code: 'NO_SERVICE',
    message: `Taskserv '${name}' has no service, and so no journal`,
    hint: 'It installs programs or settings only.',
  });
}
