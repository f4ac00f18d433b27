import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { reconfigure } from '../../taskserv/reconfigure.ts';
import { taskservArguments, taskservFlags } from '../../taskserv/targets.ts';

export default class TaskservReset extends ProvisioningCommand {
  static override summary = 'Give installed taskservs the configuration of their packages';
  static override description = 'Data stays. The definition stays as it is, too; the next deploy follows it.';
  static override spec: CommandSpec = { access: 'd', sideEffect: 'update' };
  static override examples = [
    'provisioning taskserv reset redis',
    'provisioning taskserv reset haproxy lb-01 --yes',
  ];
  static override args = taskservArguments;
  static override flags = taskservFlags;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TaskservReset);
    await reconfigure(this, 'reset', args.taskserv ?? [], flags);
  }
}
