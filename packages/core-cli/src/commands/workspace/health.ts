import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { workspaceHealth } from '@provisioning/core';
import { workspaceNamed } from '../../session/workspace.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class WorkspaceHealth extends ProvisioningCommand {
  static override summary =
    'Check folders, permissions, manifests and metadata; exit 1 while problems remain';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'none' };
  static override examples = [
    'provisioning workspace health',
    'provisioning workspace health demo --fix-issues',
  ];
  static override args = { workspace: argument({ description: 'name; default the selected one' }) };
  static override flags = {
    detailed: boolean({ description: 'also what is in order' }),
    'fix-issues': boolean({ description: 'put right what is safe' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkspaceHealth);
    const workspace = await workspaceNamed(this, args.workspace);
    const findings = await workspaceHealth(workspace, { fix: flags['fix-issues'] && !this.globals.check });
    if (findings.some(({ ok }) => !ok)) this.exitCode = 1;
    const { style } = this.out;
    await this.out.result(findings, () =>
      findings
        .filter(({ ok, fixed }) => flags.detailed || !ok || fixed === true || findings.every((one) => one.ok))
        .map(
          ({ check, ok, message, fixed }) =>
            `${style.mark(ok ? 'ok' : 'error')} ${check}: ${message}${fixed === true ? ' (fixed)' : ''}`,
        ),
    );
  }
}
