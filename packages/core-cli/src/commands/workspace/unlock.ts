import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { lockProviders } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { giveLockBack } from '../../workspace/locks.ts';

export default class WorkspaceUnlock extends ProvisioningCommand {
  static override summary = 'Release a lock of a workspace';
  static override spec: CommandSpec = { access: 'w', workspace: false, sideEffect: 'delete' };
  static override examples = [
    'provisioning workspace unlock demo',
    'provisioning workspace unlock demo --id 42 --force --reason holder-left',
  ];
  static override args = { workspace: argument({ description: 'name; default the selected one' }) };
  static override flags = {
    id: string({ description: 'lock; default your own' }),
    force: boolean({ description: 'also the lock of another; needs a reason and is recorded' }),
    reason: string({ description: 'why, with --force' }),
    provider: string({ description: 'where it is kept', options: [...lockProviders] }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkspaceUnlock);
    await giveLockBack(this, { ...flags, workspace: args.workspace });
  }
}
