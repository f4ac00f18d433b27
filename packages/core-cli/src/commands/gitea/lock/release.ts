import { string as argument } from '@oclif/core/args';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { giveLockBack } from '../../../workspace/locks.ts';

export default class GiteaLockRelease extends ProvisioningCommand {
  static override summary = 'Release a lock of your own that is kept in Gitea';
  static override spec: CommandSpec = { access: 'w', workspace: false, sideEffect: 'delete' };
  static override examples = ['provisioning gitea lock release demo 42'];
  static override args = {
    workspace: argument({ required: true, description: 'name' }),
    id: argument({ required: true, description: 'number of the lock' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(GiteaLockRelease);
    await giveLockBack(this, { ...args, provider: 'gitea' });
  }
}
