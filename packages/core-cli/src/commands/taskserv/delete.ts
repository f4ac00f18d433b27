import { boolean } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { carryOut } from '../../plan/carry-out.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';
import { planRemoval } from '../../taskserv/removal.ts';
import { taskservArguments, taskservFlags, taskservTargets } from '../../taskserv/targets.ts';

export default class TaskservDelete extends ProvisioningCommand {
  static override summary = 'Remove taskservs from servers; data stays unless asked for';
  static override spec: CommandSpec = { access: 'd', sideEffect: 'delete' };
  static override examples = [
    'provisioning taskserv delete redis cache-01',
    'provisioning taskserv delete redis --cleanup-data --yes',
    'provisioning taskserv uninstall haproxy --check',
  ];
  static override args = taskservArguments;
  static override flags = {
    ...taskservFlags,
    'cleanup-data': boolean({ description: 'remove its data, too', exclusive: ['keep-data'] }),
    'keep-data': boolean({ description: 'leave its data where it is (default)' }),
    force: boolean({ description: 'also when other taskservs there need it' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TaskservDelete);
    await using session = await openInfrastructure(this);
    const targets = await taskservTargets(session, args.taskserv ?? [], flags);
    const plan = await planRemoval(session, targets, {
      cleanupData: flags['cleanup-data'] ?? false,
      force: flags.force ?? false,
    });
    const what = `${targets.names.join(', ')} from ${targets.hostnames.join(', ')}`;
    await carryOut(this, session, plan, {
      name: `taskserv delete ${targets.names.join(' ')}`,
      command: 'taskserv.delete',
      kind: 'taskserv',
      nothing: `Nothing to do: ${targets.names.join(', ')} is not installed there`,
      done: `Taskserv deleted: ${what}`,
      question: `Remove ${what}${flags['cleanup-data'] ? ', with its data' : ''}?`,
      confirm: true,
    });
  }
}
