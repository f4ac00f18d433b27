import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { listLocks } from '@provisioning/core';
import { lockPlace, locksOf, modeOf } from '../../session/locks.ts';
import { surroundingsOf } from '../../session/surroundings.ts';
import { configurationOf, workspaceNamed } from '../../session/workspace.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class WorkspaceLockStatus extends ProvisioningCommand {
  static override summary = 'List the locks of a workspace';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning workspace lock-status',
    'provisioning workspace lock-status demo --out json',
  ];
  static override args = { workspace: argument({ description: 'name; default the selected one' }) };
  static override flags = {
    provider: string({ description: 'where they are kept', options: ['local', 'redis', 'gitea', 'etcd'] }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkspaceLockStatus);
    const workspace = await workspaceNamed(this, args.workspace);
    const configuration = await configurationOf(this, workspace);
    const provider = lockPlace(await modeOf(this), configuration, flags.provider);
    await using locks = locksOf(this, configuration, provider);
    await this.out.list(
      await listLocks(surroundingsOf(this.runtime), workspace, locks.provider),
      [
        { title: 'ID', value: (row) => row.id },
        { title: 'TYPE', value: (row) => row.type },
        { title: 'USER', value: (row) => `${row.user}@${row.host}` },
        { title: 'OPERATION', value: (row) => row.operation },
        { title: 'SINCE', value: (row) => row.acquired_at },
        { title: 'EXPIRES', value: (row) => row.expires_at },
      ],
      'locks',
    );
  }
}
