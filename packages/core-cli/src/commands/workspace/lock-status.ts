import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { lockProviders } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { showLocks } from '../../workspace/locks.ts';

export default class WorkspaceLockStatus extends ProvisioningCommand {
  static override summary = 'List the locks of a workspace';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning workspace lock-status',
    'provisioning workspace lock-status demo --out json',
  ];
  static override args = { workspace: argument({ description: 'name; default the selected one' }) };
  static override flags = {
    provider: string({ description: 'where they are kept', options: [...lockProviders] }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkspaceLockStatus);
    await showLocks(this, { ...flags, workspace: args.workspace });
  }
}
