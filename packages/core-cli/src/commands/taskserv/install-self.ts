import { boolean, string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';
import { findTaskserv } from '../../taskserv/catalogue.ts';
import { installTaskservs } from '../../taskserv/install.ts';
import { askForServers } from '../../taskserv/placing.ts';
import { suggestedSettings } from '../../taskserv/suggestions.ts';
import { taskservArguments, taskservFlags, taskservTargets } from '../../taskserv/targets.ts';

export default class TaskservInstallSelf extends ProvisioningCommand {
  static override summary = 'Install a taskserv with the settings that the MCP server recommends';
  static override description =
    'The MCP server is asked for settings (recommend_resources); those the taskserv knows are shown and used, over the definition and under --config. Then it is installed as `taskserv create` does. Where no MCP server answers, the defaults hold and a warning says so.';
  static override spec: CommandSpec = { access: 'w', sideEffect: 'create', slow: true };
  static override examples = [
    'provisioning taskserv install-self prometheus',
    'provisioning taskserv install-self kubernetes cp-01 --check',
  ];
  static override args = taskservArguments;
  static override flags = {
    ...taskservFlags,
    'mcp-url': string({ description: 'MCP server instead of the configured one' }),
    rollback: boolean({ description: 'a failure takes away what this run installed, in reverse order' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TaskservInstallSelf);
    await using session = await openInfrastructure(this);
    const targets = await taskservTargets(session, args.taskserv ?? [], flags, {
      place: askForServers(this, session),
    });
    const settings: Record<string, unknown> = {};
    for (const name of targets.names) {
      const record = await findTaskserv(session.project.extensions, name);
      Object.assign(settings, await suggestedSettings(this, session, record, flags['mcp-url']));
    }
    await installTaskservs(this, session, targets, { settings, rollback: flags.rollback });
  }
}
