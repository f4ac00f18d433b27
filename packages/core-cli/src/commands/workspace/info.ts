import { string as argument } from '@oclif/core/args';
import { activeWorkspace, workspaceInfo } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { surroundingsOf } from '../../session/surroundings.ts';

export default class WorkspaceInfo extends ProvisioningCommand {
  static override summary = 'Show what a workspace holds';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning workspace info', 'provisioning workspace info demo --out yaml'];
  static override args = { workspace: argument({ description: 'name; default the active one' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(WorkspaceInfo);
    const surroundings = surroundingsOf(this.runtime);
    const name = args.workspace ?? this.globals.workspace ?? (await activeWorkspace(surroundings)).name;
    const info = await workspaceInfo(surroundings, name);
    const version = (info.metadata?.['version'] as { provisioning?: string } | undefined)?.provisioning;
    await this.out.result(info, () => [
      `${this.out.style.strong(info.name)}${info.active ? ' (active)' : ''}`,
      `  Path:             ${info.path}`,
      `  Configuration:    ${info.configuration ?? '(none)'}`,
      `  Version:          ${version ?? 'unknown'}`,
      `  Infrastructures:  ${info.infrastructures.join(', ') || '(none)'}`,
      `  Default infra:    ${info.default_infra ?? '(none)'}`,
      `  Environment:      ${info.environment ?? '(from configuration)'}`,
    ]);
  }
}
