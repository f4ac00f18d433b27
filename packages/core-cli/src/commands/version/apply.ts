import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';
import { taskservTargets } from '../../taskserv/targets.ts';
import { updateTaskservs } from '../../taskserv/update.ts';

export default class VersionApply extends ProvisioningCommand {
  static override summary = 'Update a taskserv to a version, on every server that has it';
  static override spec: CommandSpec = { access: 'w', sideEffect: 'update', slow: true };
  static override examples = ['provisioning version apply coredns 1.11.3'];
  static override args = {
    taskserv: argument({ required: true, description: 'name' }),
    version: argument({ required: true, description: 'version' }),
  };
  static override flags = {
    migrate: boolean({ description: 'carry the data over to a new major version' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(VersionApply);
    await using session = await openInfrastructure(this);
    const targets = await taskservTargets(session, [args.taskserv], {});
    const { version } = args;
    await updateTaskservs(this, session, { command: 'update', ...targets, version, migrate: flags.migrate });
  }
}
