import { string as argument } from '@oclif/core/args';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { showLocks } from '../../../workspace/locks.ts';

export default class GiteaLockList extends ProvisioningCommand {
  static override summary = 'List the locks of a workspace that are kept in Gitea';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning gitea lock list', 'provisioning gitea lock list demo --out json'];
  static override args = { workspace: argument({ description: 'name; default the selected one' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(GiteaLockList);
    await showLocks(this, { workspace: args.workspace, provider: 'gitea' });
  }
}
