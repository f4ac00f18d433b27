import { string as argument } from '@oclif/core/args';
import { identifyExtension, installExtensions } from '@provisioning/distribution';
import { installedLines, installOptions } from '../../extension/installing.ts';
import { asksForWorkspace, intoWorkspace, pullIntoWorkspace } from '../../extension/pulling.ts';
import { signatureFlag } from '../../extension/flags.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openArtifacts } from '../../oci/session.ts';
import { registryUrl, serviceFlags } from '../../registry/service.ts';
import { snakeKeys } from '../../output/snake-keys.ts';

export default class RegistryInstall extends ProvisioningCommand {
  static override summary = 'Install extensions through the extension registry';
  static override description =
    'Like "extension install", with names that the service resolves. Digests are checked; dependencies come along.';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create', slow: true };
  static override examples = [
    'provisioning registry install redis@^1',
    'provisioning registry install redis --workspace',
  ];
  static override args = {
    references: argument({
      multiple: true,
      required: true,
      description: 'name[@range], or type/name[@range]',
    }),
  };
  static override flags = {
    ...serviceFlags,
    ...intoWorkspace,
    ...signatureFlag,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RegistryInstall);
    const references = args.references ?? [];
    const isForWorkspace = asksForWorkspace(this, flags.workspace);
    const indexUrl = await registryUrl(this, flags.registry);
    const source = { source: 'http', indexUrl } as const;
    const { registry: _registry, ...more } = flags;
    if (isForWorkspace) return pullIntoWorkspace(this, references, more, source);
    await using session = await openArtifacts(this, more, 'optional', source);
    const { artifacts } = session;
    const { cwd } = this.runtime;
    const modules = await Promise.all(references.map((text) => identifyExtension(artifacts, text, cwd)));
    const installed = await installExtensions(artifacts, modules, installOptions(this, session));
    await this.out.result(snakeKeys(installed), () => installedLines(this, installed));
  }
}
