import { string as argument } from '@oclif/core/args';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { cleanUpLocks } from '../../../workspace/locks.ts';

export default class GiteaLockCleanup extends ProvisioningCommand {
  static override summary = 'Close the issues of expired locks, and say how many there were';
  static override spec: CommandSpec = { access: 'w', workspace: false, sideEffect: 'delete' };
  static override examples = ['provisioning gitea lock cleanup demo'];
  static override args = { workspace: argument({ description: 'name; default the selected one' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(GiteaLockCleanup);
    await cleanUpLocks(this, { workspace: args.workspace, provider: 'gitea' });
  }
}
