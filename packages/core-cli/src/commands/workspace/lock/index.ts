import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { lockProviders, type LockType } from '@provisioning/core';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { lockTypes, takeLock } from '../../../workspace/locks.ts';

export default class WorkspaceLock extends ProvisioningCommand {
  static override summary = 'Lock a workspace until you unlock it';
  static override spec: CommandSpec = { access: 'w', workspace: false, sideEffect: 'create' };
  static override examples = [
    'provisioning workspace lock demo --operation "Upgrading the database"',
    'provisioning workspace lock demo --type read --expiry 30m --wait',
  ];
  static override args = { workspace: argument({ description: 'name; default the selected one' }) };
  static override flags = {
    type: string({
      description: 'read stands beside other read locks',
      options: [...lockTypes],
      default: 'write',
    }),
    operation: string({ description: 'what for', default: 'locked by command' }),
    expiry: string({ description: 'when it ends by itself: a time or a duration (8h)' }),
    provider: string({ description: 'where it is kept', options: [...lockProviders] }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkspaceLock);
    await takeLock(this, { ...flags, type: flags.type as LockType, workspace: args.workspace });
  }
}
