import { string as argument } from '@oclif/core/args';
import { shownConfiguration } from '@provisioning/core';
import { configurationOf, workspaceNamed } from '../../../session/workspace.ts';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';

export default class WorkspaceConfigShow extends ProvisioningCommand {
  static override summary = 'Print the merged configuration of a workspace; secrets are masked';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning workspace config show',
    'provisioning workspace config show demo --out json',
  ];
  static override args = { workspace: argument({ description: 'name; default the selected one' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(WorkspaceConfigShow);
    const workspace = await workspaceNamed(this, args.workspace);
    const value = shownConfiguration(await configurationOf(this, workspace));
    const { stringify } = await import('yaml');
    await this.out.result(value, () => stringify(value).trimEnd().split('\n'));
  }
}
