import { string as argument } from '@oclif/core/args';
import { join, relative, resolve, sep } from 'node:path';
import { activateWorkspace, setDefaultInfra } from '@provisioning/core';
import { surroundingsOf } from '../../session/surroundings.ts';
import { selectOptional } from '../../session/workspace.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class WorkspaceSet extends ProvisioningCommand {
  static override summary = 'Activate a workspace by its path; inside one, choose the default infrastructure';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = [
    'provisioning workspace set ./code/shop',
    'provisioning workspace set infra/web',
  ];
  static override args = {
    path: argument({ required: true, description: 'folder of a workspace or an infrastructure' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(WorkspaceSet);
    if (this.globals.check) {
      this.out.warn('Check mode: No changes will be made');
      this.out.line(`Would set: ${args.path}`);
      return;
    }
    const surroundings = surroundingsOf(this.runtime);
    const path = resolve(this.runtime.cwd, args.path!);
    const selection = await selectOptional(this);
    const infra = selection === undefined ? undefined : relative(join(selection.path, 'infra'), path);
    if (selection !== undefined && infra !== undefined && infra !== '' && !infra.startsWith('..')) {
      await setDefaultInfra(surroundings, selection.name, infra.split(sep)[0]!);
      await this.out.result({ workspace: selection.name, default_infra: infra }, () => [
        `${this.out.style.mark('ok')} Default infrastructure of ${selection.name}: ${infra}`,
      ]);
      return;
    }
    const { name } = await activateWorkspace(surroundings, path);
    await this.out.result({ name, path }, () => [
      `${this.out.style.mark('ok')} Workspace '${name}' activated`,
    ]);
  }
}
