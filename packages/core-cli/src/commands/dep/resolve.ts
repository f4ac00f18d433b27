import { boolean } from '@oclif/core/flags';
import { resolveDependencies } from '@provisioning/distribution';
import { signatureFlag } from '../../extension/flags.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { registryFlags } from '../../oci/flags.ts';
import { actionColumns, workspaceDependencies } from '../../oci/dependencies.ts';
import { openArtifacts } from '../../oci/session.ts';
import { snakeKeys } from '../../output/snake-keys.ts';
import { counted } from '../../output/counted.ts';

export default class DepResolve extends ProvisioningCommand {
  static override summary = 'Bring the extensions of the workspace to what it asks for';
  static override spec: CommandSpec = { access: 'l', sideEffect: 'update', slow: true };
  static override examples = [
    'provisioning dep resolve',
    'provisioning dep resolve --dry-run',
    'provisioning dep resolve --frozen --offline',
  ];
  static override flags = {
    ...registryFlags,
    'dry-run': boolean({ description: 'show what would change and stop' }),
    update: boolean({ description: 'newest versions that fit, not the locked ones' }),
    frozen: boolean({ description: 'exactly the lock file', allowNo: true }),
    prune: boolean({ description: 'remove extensions that nothing needs any more' }),
    ...signatureFlag,
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(DepResolve);
    await using session = await openArtifacts(this, flags, 'required');
    const dryRun = flags['dry-run'] || this.globals.check;
    const result = await resolveDependencies(session.artifacts, {
      ...workspaceDependencies(this, session),
      update: flags.update,
      ...(flags.frozen === undefined ? {} : { frozen: flags.frozen }),
      prune: flags.prune,
      dryRun,
    });
    await this.out.result(snakeKeys(result), () => [
      ...(dryRun || this.globals.verbose ? this.out.table(result.packages, actionColumns) : []),
      `${this.out.style.mark('ok')} ${dryRun ? 'Would resolve' : 'Resolved'} ${counted(result.packages.length, 'extension')} (${result.installed} installed, ${result.updated} updated, ${result.unchanged} unchanged)`,
    ]);
  }
}
