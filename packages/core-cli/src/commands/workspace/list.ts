import { listWorkspaces, type WorkspaceListing } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import type { Printer } from '../../output/printer.ts';
import { surroundingsOf } from '../../session/surroundings.ts';

export default class WorkspaceList extends ProvisioningCommand {
  static override summary = 'List the registered workspaces';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning workspace list', 'provisioning ws list --out json'];

  async run(): Promise<void> {
    await this.parse(WorkspaceList);
    const workspaces = await listWorkspaces(surroundingsOf(this.runtime));
    await this.out.result(workspaces, () => renderWorkspaces(workspaces, this.out));
  }
}

function renderWorkspaces(workspaces: readonly WorkspaceListing[], out: Printer): string[] {
  if (workspaces.length === 0) return out.nothing('workspaces');
  const { style } = out;
  return [
    'Registered Workspaces:',
    ...workspaces.flatMap((workspace) => [
      '',
      `  ${style.mark(workspace.active ? 'active' : 'inactive')} ${style.strong(workspace.name)}${workspace.active ? ' (active)' : ''}`,
      `    Path: ${workspace.path}${workspace.exists ? '' : ` ${style.bad('(missing)')}`}`,
      `    Last used: ${workspace.last_used}`,
      ...(workspace.default_infra === undefined ? [] : [`    Default infra: ${workspace.default_infra}`]),
    ]),
  ];
}
