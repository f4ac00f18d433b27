import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { resolve } from 'node:path';
import { type BackupComponent, backupComponents, backupWorkspace } from '@provisioning/core';
import { surroundingsOf } from '../../session/surroundings.ts';
import { workspaceNamed } from '../../session/workspace.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { counted } from '../../output/counted.ts';

export default class WorkspaceBackup extends ProvisioningCommand {
  static override summary = 'Write an archive of a workspace';
  static override description =
    'Everything but secrets, which are included only when named. Encrypted files stay encrypted.';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create' };
  static override examples = [
    'provisioning workspace backup',
    'provisioning workspace backup demo --output demo.tar.gz --components config,infra',
  ];
  static override args = { workspace: argument({ description: 'name; default the selected one' }) };
  static override flags = {
    output: string({ description: 'archive to write' }),
    components: string({
      description: 'parts of the workspace',
      multiple: true,
      options: [...backupComponents],
    }),
    'auto-name': boolean({ description: 'a name with the date, as without --output' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkspaceBackup);
    const workspace = await workspaceNamed(this, args.workspace);
    const { cwd } = this.runtime;
    const result = await backupWorkspace({
      surroundings: surroundingsOf(this.runtime),
      workspace,
      version: this.host.catalogue.version,
      check: this.globals.check,
      ...(flags.output === undefined ? {} : { output: resolve(cwd, flags.output) }),
      ...(flags.components === undefined ? {} : { components: flags.components as BackupComponent[] }),
    });
    await this.out.result({ file: result.file, files: result.files.length }, () => [
      this.globals.check
        ? `Would write: ${result.file} (${counted(result.files.length, 'file')})`
        : `${this.out.style.mark('ok')} Backup created: ${result.file}`,
    ]);
  }
}
