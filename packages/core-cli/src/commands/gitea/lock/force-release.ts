import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { giveLockBack } from '../../../workspace/locks.ts';

export default class GiteaLockForceRelease extends ProvisioningCommand {
  static override summary = 'Release the lock of another that is kept in Gitea; recorded';
  static override spec: CommandSpec = { access: 'w', workspace: false, sideEffect: 'delete' };
  static override examples = ['provisioning gitea lock force-release demo 42 --reason holder-left'];
  static override args = {
    workspace: argument({ required: true, description: 'name' }),
    id: argument({ required: true, description: 'number of the lock' }),
  };
  static override flags = { reason: string({ required: true, description: 'why' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(GiteaLockForceRelease);
    await giveLockBack(this, { ...args, ...flags, force: true, provider: 'gitea' });
  }
}
