import { string as argument } from '@oclif/core/args';
import { versionReport } from '@provisioning/core';
import { workspaceNamed } from '../../session/workspace.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class WorkspaceVersion extends ProvisioningCommand {
  static override summary = 'Show the version of a workspace and whether it fits this program';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning workspace version',
    'provisioning workspace version demo --out yaml',
  ];
  static override args = { workspace: argument({ description: 'name; default the selected one' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(WorkspaceVersion);
    const workspace = await workspaceNamed(this, args.workspace);
    const report = await versionReport(workspace, this.host.catalogue.version);
    const { workspace: own, compatibility, migrations } = report;
    await this.out.result(report, () => [
      'System:',
      `  Version:         ${report.system.version}`,
      'Workspace:',
      `  Name:            ${own.name}`,
      `  Path:            ${own.path}`,
      `  Version:         ${own.version}`,
      `  Schema Version:  ${own.schema_version}`,
      `  Format Version:  ${own.format_version}`,
      `  Created:         ${own.created}`,
      `  Last Updated:    ${own.last_updated}`,
      'Compatibility:',
      `  Compatible:      ${compatibility.compatible ? 'yes' : 'no'}`,
      `  Reason:          ${compatibility.reason}`,
      `  Message:         ${compatibility.message}`,
      'Migrations:',
      `  Total:           ${migrations.total}`,
    ]);
  }
}
