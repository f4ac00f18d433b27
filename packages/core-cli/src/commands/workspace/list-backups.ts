import { string as argument } from '@oclif/core/args';
import { listBackups } from '@provisioning/core';
import { bytes } from '../../output/bytes.ts';
import { workspaceNamed } from '../../session/workspace.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class WorkspaceListBackups extends ProvisioningCommand {
  static override summary = 'List the backups of a workspace, newest first';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning workspace list-backups',
    'provisioning workspace list-backups demo --out json',
  ];
  static override args = { workspace: argument({ description: 'name; default the selected one' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(WorkspaceListBackups);
    const workspace = await workspaceNamed(this, args.workspace);
    await this.out.list(
      await listBackups(workspace.path),
      [
        { title: 'NAME', value: (row) => row.name },
        { title: 'CREATED', value: (row) => row.created },
        { title: 'REASON', value: (row) => row.reason },
        { title: 'SIZE', value: (row) => bytes(row.size), align: 'right' },
      ],
      'backups',
    );
  }
}
