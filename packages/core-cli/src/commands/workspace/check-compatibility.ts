import { string as argument } from '@oclif/core/args';
import { versionReport } from '@provisioning/core';
import { workspaceNamed } from '../../session/workspace.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class WorkspaceCheckCompatibility extends ProvisioningCommand {
  static override summary = 'Say whether commands would run in a workspace: exit 0, else 3';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning workspace check-compatibility'];
  static override args = { workspace: argument({ description: 'name; default the selected one' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(WorkspaceCheckCompatibility);
    const workspace = await workspaceNamed(this, args.workspace);
    const { compatibility } = await versionReport(workspace, this.host.catalogue.version);
    if (!compatibility.compatible) this.exitCode = 3;
    await this.out.result(compatibility, () => [`${compatibility.reason}: ${compatibility.message}`]);
  }
}
