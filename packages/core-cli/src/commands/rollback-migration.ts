import { string as argument } from '@oclif/core/args';
import { newestMigration, restoreMigration } from '@provisioning/distribution';
import { ProvisioningCommand } from '../frame/command.ts';
import type { CommandSpec } from '../frame/metadata.ts';
import { migrationWorkspace } from '../oci/migration.ts';

export default class RollbackMigration extends ProvisioningCommand {
  static override summary = 'Put a workspace back to what it was before its migration to OCI';
  static override description =
    'Restores configuration, module lists and extensions of the newest backup. What was published stays in the registry.';
  static override spec: CommandSpec = { access: 'l', sideEffect: 'update' };
  static override examples = ['provisioning rollback-migration demo'];
  static override args = {
    target: argument({ description: 'name of the workspace; default the active one' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(RollbackMigration);
    const { workspacePath } = await migrationWorkspace(this, args.target);
    const { folder, record } = await newestMigration(workspacePath);
    if (!this.globals.check) await restoreMigration(workspacePath, folder);
    const result = { backup: folder, restored: record.folders.map(({ path }) => path) };
    await this.out.result(result, () => [
      `${this.out.style.mark('ok')} ${this.globals.check ? 'Would restore' : 'Restored'} ${folder}`,
    ]);
  }
}
