import { string as argument } from '@oclif/core/args';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { showLock } from '../../../workspace/locks.ts';

export default class GiteaLockInfo extends ProvisioningCommand {
  static override summary = 'Show one lock that is kept in Gitea';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning gitea lock info demo 42'];
  static override args = {
    workspace: argument({ required: true, description: 'name' }),
    id: argument({ required: true, description: 'number of the lock' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(GiteaLockInfo);
    await showLock(this, { workspace: args.workspace, provider: 'gitea' }, args.id);
  }
}
