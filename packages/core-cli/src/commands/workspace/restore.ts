import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { resolve } from 'node:path';
import { restoreWorkspace } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { surroundingsOf } from '../../session/surroundings.ts';
import { workspaceNamed } from '../../session/workspace.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class WorkspaceRestore extends ProvisioningCommand {
  static override summary = 'Restore an archive of a workspace, also to another place';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = [
    'provisioning workspace restore --from demo-20260101.tar.gz',
    'provisioning workspace restore --from demo.tar.gz --path ./copy',
  ];
  static override args = { workspace: argument({ description: 'name; default the selected one' }) };
  static override flags = {
    from: string({ description: 'archive or backup folder' }),
    input: string({ description: 'the same' }),
    path: string({ description: 'where to, when not to where it came from' }),
    force: boolean({ description: 'do not ask' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkspaceRestore);
    const file = flags.from ?? flags.input;
    if (file === undefined) {
      throw new ProvisioningError({
        code: 'MISSING_ARGUMENT',
        kind: 'usage',
        message: 'Missing required option: --from\nUsage: provisioning workspace restore --from <archive>',
      });
    }
    const workspace = args.workspace === undefined ? undefined : await workspaceNamed(this, args.workspace);
    const destination = flags.path === undefined ? workspace?.path : resolve(this.runtime.cwd, flags.path);
    const surroundings = surroundingsOf(this.runtime);
    const options = {
      surroundings,
      version: this.host.catalogue.version,
      backup: resolve(this.runtime.cwd, file),
      ...(destination === undefined ? {} : { destination }),
    };
    const planned = await restoreWorkspace({ ...options, check: true });
    const { record } = planned;
    const lines = [
      `Backup:         ${options.backup}`,
      `Original path:  ${record.original_path}`,
      `Created:        ${record.created}`,
      `Reason:         ${record.reason}`,
    ];
    if (this.globals.check) {
      await this.out.result({ check_mode: true, record, destination: planned.destination }, () => [
        ...lines,
        `Would restore to: ${planned.destination}`,
      ]);
      return;
    }
    for (const line of lines) this.out.progress(line);
    this.out.warn(`This will replace the current workspace at: ${planned.destination}`);
    if (!flags.force) await this.confirm('Restore this backup?');
    const result = await restoreWorkspace(options);
    await this.out.result(result, () => [
      `${this.out.style.mark('ok')} Workspace restored from backup`,
      ...(result.previous === undefined ? [] : [`  What was there: ${result.previous}`]),
    ]);
  }
}
