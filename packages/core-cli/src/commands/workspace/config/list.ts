import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { workspaceConfigurationFiles } from '@provisioning/core';
import { workspaceNamed } from '../../../session/workspace.ts';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';

export default class WorkspaceConfigList extends ProvisioningCommand {
  static override summary = 'List the configuration files of a workspace';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning workspace config list',
    'provisioning workspace config list --type provider',
  ];
  static override args = { workspace: argument({ description: 'name; default the selected one' }) };
  static override flags = {
    type: string({
      description: 'only files of this kind',
      options: ['all', 'main', 'provider', 'platform', 'kms'],
      default: 'all',
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkspaceConfigList);
    const workspace = await workspaceNamed(this, args.workspace);
    const files = workspaceConfigurationFiles(workspace.path);
    await this.out.list(
      files.filter(({ type }) => flags.type === 'all' || flags.type === type),
      [
        { title: 'TYPE', value: (row) => row.type },
        { title: 'NAME', value: (row) => row.name },
        { title: 'PATH', value: (row) => row.path },
      ],
      'configuration files',
    );
  }
}
