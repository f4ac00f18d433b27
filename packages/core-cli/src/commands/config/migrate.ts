import { boolean, string } from '@oclif/core/flags';
import { resolve } from 'node:path';
import { type ConfigMigrationPlan, migrateConfiguration, registerWorkspace } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { surroundingsOf } from '../../session/surroundings.ts';
import { counted } from '../../output/counted.ts';

export default class ConfigMigrate extends ProvisioningCommand {
  static override summary = 'Take an old configuration tree into a workspace';
  static override description =
    'Old files are never deleted. Files that were taken in before are left out, so a second run has nothing to do.';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = [
    'provisioning config migrate --dry-run',
    'provisioning config migrate --source ./old --workspace-name shop --backup',
  ];
  static override flags = {
    source: string({ description: 'folder of the old files', default: '.' }),
    from: string({ description: 'version of the old files', options: ['1.0'], default: '1.0' }),
    to: string({ description: 'version to reach', options: ['2.0'], default: '2.0' }),
    'workspace-name': string({ description: 'name of the workspace', default: 'default' }),
    'workspace-path': string({ description: 'its folder; default ~/workspaces/<name>' }),
    backup: boolean({ description: 'copy the old files aside first' }),
    merge: boolean({ description: 'into a workspace that exists; its values win' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(ConfigMigrate);
    const surroundings = surroundingsOf(this.runtime);
    const path = flags['workspace-path'];
    const options = {
      surroundings,
      source: resolve(this.runtime.cwd, flags.source),
      workspaceName: flags['workspace-name'],
      backup: flags.backup,
      merge: flags.merge,
      ...(path === undefined ? {} : { workspacePath: resolve(this.runtime.cwd, path) }),
    };
    const planned = await migrateConfiguration({ ...options, check: true });
    if (planned.status === 'nothing') {
      await this.out.result(planned, () => ['Nothing to migrate']);
      return;
    }
    if (this.globals.check) {
      await this.out.result(planned, () => [
        `${this.out.style.mark('warning')} Check mode: No changes will be made`,
        ...planLines(planned.plan),
      ]);
      return;
    }
    for (const line of planLines(planned.plan)) this.out.progress(line);
    await this.confirm(`Migrate into ${planned.plan.workspace}?`);
    const result = await migrateConfiguration(options);
    await registerWorkspace(surroundings, flags['workspace-name'], result.plan.workspace);
    await this.out.result(result, () => [
      `${this.out.style.mark('ok')} Migrated ${counted(result.plan.entries.length, 'file')} into ${result.plan.workspace}`,
      ...(result.backup === undefined ? [] : [`  Backup: ${result.backup}`]),
    ]);
    await this.next(
      `provisioning workspace activate ${flags['workspace-name']}`,
      'provisioning validate config',
    );
  }
}

function planLines(plan: ConfigMigrationPlan): string[] {
  return plan.entries.map(({ from, to, keys, unknown }) => {
    const extra = unknown.length === 0 ? '' : `, unknown: ${unknown.join(', ')}`;
    return `  ${from} -> ${to} (${counted(keys, 'key')}${extra})`;
  });
}
