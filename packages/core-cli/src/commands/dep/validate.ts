import { string as argument } from '@oclif/core/args';
import { validateDependencies } from '@provisioning/distribution';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { registryFlags } from '../../oci/flags.ts';
import { workspaceDependencies } from '../../oci/dependencies.ts';
import { openArtifacts } from '../../oci/session.ts';

export default class DepValidate extends ProvisioningCommand {
  static override summary = 'Check lock, installed files and constraints';
  static override spec: CommandSpec = { access: '-' };
  static override examples = ['provisioning dep validate'];
  static override args = { name: argument({ description: 'one extension; default all' }) };
  static override flags = {
    ...registryFlags,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(DepValidate);
    await using session = await openArtifacts(this, flags, 'required');
    const { workspacePath, block } = workspaceDependencies(this, session);
    const findings = await validateDependencies({
      workspacePath,
      block,
      ...(args.name === undefined ? {} : { name: args.name }),
    });
    await this.out.result({ valid: findings.length === 0, findings }, () =>
      findings.length === 0
        ? [`${this.out.style.mark('ok')} Dependency graph valid`]
        : findings.map(({ message }) => `${this.out.style.mark('error')} ${message}`),
    );
    if (findings.length > 0) this.exitCode = 1;
  }
}
