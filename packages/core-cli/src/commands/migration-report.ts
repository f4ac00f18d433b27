import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { writeFileAtomic } from '@provisioning/core';
import { migrationReport, validateMigration } from '@provisioning/distribution';
import { resolve } from 'node:path';
import { ProvisioningCommand } from '../frame/command.ts';
import type { CommandSpec } from '../frame/metadata.ts';
import { workspaceDependencies } from '../oci/dependencies.ts';
import { registryFlags } from '../oci/flags.ts';
import { migrationWorkspace } from '../oci/migration.ts';
import { openArtifacts } from '../oci/session.ts';

export default class MigrationReport extends ProvisioningCommand {
  static override summary = 'Report what a migration to OCI did and whether it holds';
  static override spec: CommandSpec = { access: '-' };
  static override examples = ['provisioning migration-report demo --output report.md'];
  static override args = {
    target: argument({ description: 'name of the workspace; default the active one' }),
  };
  static override flags = {
    ...registryFlags,
    output: string({ description: 'file to write; default the terminal' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(MigrationReport);
    const workspace = await migrationWorkspace(this, args.target);
    await using session = await openArtifacts(this, flags, 'required');
    const { block } = workspaceDependencies(this, session);
    const { record, checks } = await validateMigration(session.artifacts, { ...workspace, block });
    const text = migrationReport(record, checks);
    if (flags.output === undefined) {
      await this.out.result({ ...record, checks }, () => text.trimEnd().split('\n'));
      return;
    }
    const file = resolve(this.runtime.cwd, flags.output);
    await writeFileAtomic(file, text, 0o644);
    await this.out.result({ file }, () => [`${this.out.style.mark('ok')} Report written to ${file}`]);
  }
}
