import { boolean, string } from '@oclif/core/flags';
import { basename, join } from 'node:path';
import { projectFile, writeNewFile } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { selectOptional } from '../../session/workspace.ts';

export default class InitProject extends ProvisioningCommand {
  static override summary = 'Write the main configuration file of a workspace';
  static override description = 'Into the selected workspace, else into config/ of the current folder.';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = ['provisioning init project', 'provisioning init project --name shop --force'];
  static override flags = {
    name: string({ description: 'name of the workspace; default that of the folder' }),
    force: boolean({ description: 'overwrite a file that exists' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(InitProject);
    const selection = await selectOptional(this);
    const folder = selection?.path ?? this.runtime.cwd;
    const file = join(folder, 'config', 'provisioning.toml');
    const text = projectFile({
      name: flags.name ?? selection?.name ?? basename(folder),
      created: new Date(this.runtime.now()).toISOString(),
    });
    await writeNewFile(file, text, { force: flags.force, check: this.globals.check });
    await this.out.result({ file, check_mode: this.globals.check }, () => [
      this.globals.check ? `Would write: ${file}` : `${this.out.style.mark('ok')} Written: ${file}`,
    ]);
  }
}
