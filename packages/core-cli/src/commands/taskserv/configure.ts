import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { reconfigure } from '../../taskserv/reconfigure.ts';
import { taskservArguments, taskservFlags } from '../../taskserv/targets.ts';

export default class TaskservConfigure extends ProvisioningCommand {
  static override summary = 'Bring the configuration of installed taskservs to what is defined';
  static override description =
    'Files that differ are replaced, services reloaded or restarted, health is checked; when it is bad, the files of before come back. --config merges a file over the definition, this time only.';
  static override spec: CommandSpec = { access: 'w', sideEffect: 'update' };
  static override examples = [
    'provisioning taskserv configure redis',
    'provisioning taskserv configure haproxy lb-01 --config haproxy.toml',
  ];
  static override args = taskservArguments;
  static override flags = taskservFlags;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TaskservConfigure);
    await reconfigure(this, 'configure', args.taskserv ?? [], flags);
  }
}
