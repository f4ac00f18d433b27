import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { migrateWorkspace, type MigrationPlan } from '@provisioning/core';
import { surroundingsOf } from '../../session/surroundings.ts';
import { workspaceNamed } from '../../session/workspace.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class WorkspaceMigrate extends ProvisioningCommand {
  static override summary = 'Bring a workspace to the version of this program';
  static override description = 'A backup is made first; a step that fails restores it, byte for byte.';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = [
    'provisioning workspace migrate',
    'provisioning workspace migrate demo --force --skip-backup',
  ];
  static override args = { workspace: argument({ description: 'name; default the selected one' }) };
  static override flags = {
    'target-version': string({ description: 'version to reach; default that of this program' }),
    'to-version': string({ description: 'the same' }),
    'from-version': string({ description: 'must be the recorded version' }),
    'skip-backup': boolean({ description: 'without a backup' }),
    force: boolean({ description: 'do not ask' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkspaceMigrate);
    const surroundings = surroundingsOf(this.runtime);
    const from = await workspaceNamed(this, args.workspace);
    const target = flags['target-version'] ?? flags['to-version'];
    const confirm = async (plan: MigrationPlan): Promise<boolean> => {
      this.out.progress(`Current version: ${plan.from === '' ? '(none)' : plan.from}`);
      this.out.progress(`Target version:  ${plan.to}`);
      for (const step of plan.steps) this.out.progress(`  - ${step}`);
      await this.confirm('Continue with migration?');
      return true;
    };
    const result = await migrateWorkspace({
      surroundings,
      workspace: from,
      version: this.host.catalogue.version,
      targetVersion: target,
      fromVersion: flags['from-version'],
      skipBackup: flags['skip-backup'],
      check: this.globals.check,
      signal: this.signal,
      report: (line) => this.out.success(line),
      ...(flags.force ? {} : { confirm }),
    });
    await this.out.result(result, () => {
      if (result.status === 'up-to-date') return ['Workspace is up to date'];
      if (result.status === 'planned')
        return ['Would migrate:', ...result.plan.steps.map((step) => `  - ${step}`)];
      return [`${this.out.style.mark('ok')} Migration completed successfully`];
    });
  }
}
