import { string as argument } from '@oclif/core/args';
import { validateMigration } from '@provisioning/distribution';
import { ProvisioningCommand } from '../frame/command.ts';
import type { CommandSpec } from '../frame/metadata.ts';
import { workspaceDependencies } from '../oci/dependencies.ts';
import { registryFlags } from '../oci/flags.ts';
import { migrationWorkspace } from '../oci/migration.ts';
import { openArtifacts } from '../oci/session.ts';

export default class ValidateMigration extends ProvisioningCommand {
  static override summary = 'Check that a migrated workspace is what it was';
  static override description =
    'Every module resolves from the registry, installed digests match the lock, and every infrastructure renders as before.';
  static override spec: CommandSpec = { access: '-' };
  static override examples = ['provisioning validate-migration demo'];
  static override args = {
    target: argument({ description: 'name of the workspace; default the active one' }),
  };
  static override flags = { ...registryFlags };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ValidateMigration);
    const workspace = await migrationWorkspace(this, args.target);
    await using session = await openArtifacts(this, flags, 'required');
    const { block } = workspaceDependencies(this, session);
    const { checks } = await validateMigration(session.artifacts, { ...workspace, block });
    const passed = checks.every((check) => check.passed);
    await this.out.result({ valid: passed, checks }, () =>
      checks.flatMap(({ name, passed: good, findings }) => [
        `${this.out.style.mark(good ? 'ok' : 'error')} ${name}`,
        ...findings.map((finding) => `  ${finding}`),
      ]),
    );
    if (!passed) this.exitCode = 1;
  }
}
