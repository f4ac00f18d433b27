import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { resolve } from 'node:path';
import { restoreWorkspace } from '@provisioning/core';
import { surroundingsOf } from '../../session/surroundings.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class WorkspaceRestoreBackup extends ProvisioningCommand {
  static override summary = 'Restore a backup into its workspace; what is there is backed up first';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = [
    'provisioning workspace restore-backup .workspace_backups/demo_backup_20260101_120000',
  ];
  static override args = { path: argument({ required: true, description: 'archive or backup folder' }) };
  static override flags = { force: boolean({ description: 'do not ask' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkspaceRestoreBackup);
    const surroundings = surroundingsOf(this.runtime);
    const options = {
      surroundings,
      version: this.host.catalogue.version,
      backup: resolve(this.runtime.cwd, args.path!),
    };
    const planned = await restoreWorkspace({ ...options, check: true });
    const { record, destination } = planned;
    const lines = [
      `Backup:         ${options.backup}`,
      `Original path:  ${record.original_path}`,
      `Created:        ${record.created}`,
      `Reason:         ${record.reason}`,
    ];
    if (this.globals.check) {
      await this.out.result({ check_mode: true, record, destination }, () => [
        ...lines,
        `Would restore to: ${destination}`,
      ]);
      return;
    }
    for (const line of lines) this.out.progress(line);
    this.out.warn(`This will replace the current workspace at: ${destination}`);
    if (!flags.force) await this.confirm('Restore this backup?');
    const result = await restoreWorkspace(options);
    await this.out.result(result, () => [
      `${this.out.style.mark('ok')} Workspace restored from backup`,
      ...(result.previous === undefined ? [] : [`  What was there: ${result.previous}`]),
    ]);
  }
}
