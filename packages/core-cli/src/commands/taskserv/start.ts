import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { switchTaskservs } from '../../taskserv/power.ts';
import { taskservArguments, taskservFlags } from '../../taskserv/targets.ts';

export default class TaskservStart extends ProvisioningCommand {
  static override summary = 'Start the services of taskservs';
  static override spec: CommandSpec = { access: 'w', sideEffect: 'update' };
  static override examples = [
    'provisioning taskserv start redis',
    'provisioning taskserv start haproxy lb-01 --yes',
  ];
  static override args = taskservArguments;
  static override flags = taskservFlags;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TaskservStart);
    await switchTaskservs(this, 'start', args.taskserv ?? [], flags);
  }
}
