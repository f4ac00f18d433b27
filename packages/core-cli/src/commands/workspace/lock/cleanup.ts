import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { lockProviders } from '@provisioning/core';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { cleanUpLocks } from '../../../workspace/locks.ts';

export default class WorkspaceLockCleanup extends ProvisioningCommand {
  static override summary = 'Remove expired locks of a workspace, and say how many there were';
  static override spec: CommandSpec = { access: 'w', workspace: false, sideEffect: 'delete' };
  static override examples = [
    'provisioning workspace lock cleanup',
    'provisioning workspace lock cleanup demo --out json',
  ];
  static override args = { workspace: argument({ description: 'name; default the selected one' }) };
  static override flags = {
    provider: string({ description: 'where it is kept', options: [...lockProviders] }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkspaceLockCleanup);
    await cleanUpLocks(this, { ...flags, workspace: args.workspace });
  }
}
