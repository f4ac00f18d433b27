import { string as argument } from '@oclif/core/args';
import { validateWorkspaceConfiguration, workspaceConfigurationFiles } from '@provisioning/core';
import { loadOptionsOf, workspaceNamed } from '../../../session/workspace.ts';
import { showReport } from '../../../validation/show.ts';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';

export default class WorkspaceConfigValidate extends ProvisioningCommand {
  static override summary = 'Check the main file, providers, services and keys of a workspace';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning workspace config validate',
    'provisioning workspace config validate demo --verbose',
  ];
  static override args = { workspace: argument({ description: 'name; default the selected one' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(WorkspaceConfigValidate);
    const workspace = await workspaceNamed(this, args.workspace);
    const report = await validateWorkspaceConfiguration(loadOptionsOf(this, workspace));
    const bad = new Set(report.errors.flatMap(({ file }) => (file === undefined ? [] : [file])));
    const { style } = this.out;
    const files = workspaceConfigurationFiles(workspace.path);
    const { rules: _rules, ...shown } = report;
    if (!report.valid && !this.out.machine)
      for (const { path } of files) this.out.line(`${style.mark(bad.has(path) ? 'error' : 'ok')} ${path}`);
    await showReport(this, shown, [
      ...files.map(({ path }) => `${style.mark('ok')} ${path}`),
      `${style.mark('ok')} Validation complete - all configs are valid`,
    ]);
  }
}
