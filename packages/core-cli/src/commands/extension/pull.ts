import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { readDependencyBlock, resolveDependencies } from '@provisioning/distribution';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { workspaceDependencies } from '../../oci/dependencies.ts';
import { registryFlags } from '../../oci/flags.ts';
import { openArtifacts } from '../../oci/session.ts';

export default class ExtensionPull extends ProvisioningCommand {
  static override summary = 'Install extensions of a registry with their dependencies into the workspace';
  static override description =
    'They are resolved together with what the workspace asks for already; everything is installed or nothing.';
  static override spec: CommandSpec = { access: 'l', sideEffect: 'create', slow: true };
  static override examples = [
    'provisioning extension pull taskserv/kubernetes@^1.28',
    'provisioning extension pull taskserv/redis:1.0.0 --verify-signature',
  ];
  static override args = {
    names: argument({
      multiple: true,
      required: true,
      description: 'kind/name, kind/name:version or kind/name@range',
    }),
  };
  static override flags = {
    ...registryFlags,
    'verify-signature': boolean({ description: 'refuse what has no valid signature' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ExtensionPull);
    await using session = await openArtifacts(this, flags, 'required');
    const wanted: Record<string, string[]> = {};
    for (const name of args.names ?? []) {
      const [kind, rest] = name.split('/', 2);
      if (rest === undefined || !['provider', 'taskserv', 'cluster'].includes(kind!)) {
        throw new ProvisioningError({
          code: 'INVALID_REFERENCE',
          kind: 'usage',
          message: `Invalid artifact reference: ${name}`,
          hint: 'write the kind too: taskserv/redis, provider/upcloud, cluster/web',
        });
      }
      (wanted[`${kind}s`] ??= []).push(rest);
    }
    const { mode } = session.artifacts.settings;
    const asked = session.configuration.get('dependencies');
    const block = readDependencyBlock(asked, { infrastructure: { extensions: { modules: wanted } }, mode });
    const result = await resolveDependencies(session.artifacts, {
      ...workspaceDependencies(this, session),
      block,
      frozen: false,
      dryRun: this.globals.check,
    });
    await this.out.result(result, () => [
      `${this.out.style.mark('ok')} ${this.globals.check ? 'Would install' : 'Installed'} ${result.installed}, updated ${result.updated}, unchanged ${result.unchanged}`,
    ]);
  }
}
