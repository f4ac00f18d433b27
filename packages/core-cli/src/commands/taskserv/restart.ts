import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { switchTaskservs } from '../../taskserv/power.ts';
import { taskservArguments, taskservFlags } from '../../taskserv/targets.ts';

export default class TaskservRestart extends ProvisioningCommand {
  static override summary = 'Restart the services of taskservs';
  static override spec: CommandSpec = { access: 'w', sideEffect: 'update' };
  static override examples = [
    'provisioning taskserv restart redis',
    'provisioning taskserv restart haproxy lb-01 --yes',
  ];
  static override args = taskservArguments;
  static override flags = taskservFlags;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TaskservRestart);
    await switchTaskservs(this, 'restart', args.taskserv ?? [], flags);
  }
}
