import { boolean, integer, string } from '@oclif/core/flags';
import { prepareTaskserv } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { journalCommand, journalLevels, showJournal } from '../../server/journal.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';
import { placed } from '../../taskserv/placed.ts';
import { taskservArguments, taskservFlags, taskservTargets } from '../../taskserv/targets.ts';

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
    follow: boolean({ char: 'f', description: 'go on as lines come' }),
    level: string({
      description: 'only this and worse: error, warn, info, debug',
      options: Object.keys(journalLevels),
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
        await showJournal(
          this,
          session,
          access,
          journalCommand(access, { ...flags, units }),
          `The journal of ${use.name} on ${server.hostname}`,
          several ? `${server.hostname}/${use.name}: ` : '',
        );
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
