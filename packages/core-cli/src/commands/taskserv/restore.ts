import { resolve } from 'node:path';
import { string } from '@oclif/core/flags';
import { restoreTaskserv } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

import { placed } from '../../taskserv/placed.ts';
import { taskservArguments, taskservFlags, taskservTargets } from '../../taskserv/targets.ts';

export default class TaskservRestore extends ProvisioningCommand {
  static override summary = 'Put a backup of a taskserv back; what is there now is lost';
  static override spec: CommandSpec = { access: 'd', sideEffect: 'update' };
  static override examples = [
    'provisioning taskserv restore redis cache-01 --from backups/redis/prod-20260101.rdb.gz',
  ];
  static override args = taskservArguments;
  static override flags = {
    ...taskservFlags,
    from: string({ description: 'the backup', required: true }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TaskservRestore);
    await using session = await openInfrastructure(this);
    const places = await placed(session, await taskservTargets(session, args.taskserv ?? [], flags));
    const [place] = places;
    if (places.length !== 1 || place === undefined) {
      throw new ProvisioningError({
        code: 'SEVERAL_SERVERS',
        kind: 'usage',
        message: `A backup is of one server; ${places.length} are meant`,
        hint: `Name one: ${places.map(({ server }) => server.hostname).join(', ')}`,
      });
    }
    const { server, use, references } = place;
    const what = `${use.name} on ${server.hostname}`;
    const file = resolve(this.runtime.cwd, flags.from);
    const document = { service: use.name, target: server.hostname, file, status: 'restored' };
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      await this.out.result({ ...document, status: 'planned' }, () => [`Would restore ${what} from ${file}`]);
      return;
    }
    await this.confirm(`Replace the data of ${what} by ${flags.from}?`);
    await restoreTaskserv(session.context, server, use, references, file);
    await this.out.result(document, () => [`${this.out.style.mark('ok')} Restored ${what} from ${file}`]);
  }
}
