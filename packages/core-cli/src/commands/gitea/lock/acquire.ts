import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { type LockType } from '@provisioning/core';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { lockTypes, takeLock } from '../../../workspace/locks.ts';

export default class GiteaLockAcquire extends ProvisioningCommand {
  static override summary = 'Lock a workspace with an issue of its Gitea repository';
  static override spec: CommandSpec = { access: 'w', workspace: false, sideEffect: 'create' };
  static override examples = ['provisioning gitea lock acquire demo write --operation "Deploying servers"'];
  static override args = {
    workspace: argument({ required: true, description: 'name' }),
    type: argument({
      description: 'read stands beside other read locks',
      options: [...lockTypes],
      default: 'write',
    }),
  };
  static override flags = {
    operation: string({ description: 'what for', default: 'locked by command' }),
    expiry: string({ description: 'when it ends by itself: a time or a duration (8h)' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(GiteaLockAcquire);
    const { workspace, type } = args;
    await takeLock(this, { ...flags, type: type as LockType, workspace, provider: 'gitea' });
  }
}
