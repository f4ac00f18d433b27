import { string as argument } from '@oclif/core/args';
import { identifyExtension, installExtensions } from '@provisioning/distribution';
import { installedLines, installOptions } from '../../extension/installing.ts';
import { asksForWorkspace, intoWorkspace, pullIntoWorkspace } from '../../extension/pulling.ts';
import { signatureFlag } from '../../extension/flags.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { registryFlags } from '../../oci/flags.ts';
import { openArtifacts } from '../../oci/session.ts';
import { snakeKeys } from '../../output/snake-keys.ts';

export default class ExtensionInstall extends ProvisioningCommand {
  static override summary = 'Install extensions with their dependencies for the user';
  static override description =
    'From a registry, npm, Git releases, an archive or a folder; version beside version, all or nothing. What comes from\nthe community is asked about first, with the permissions it wants.';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create', slow: true };
  static override examples = [
    'provisioning extension install redis@^1',
    'provisioning extension install npm:@provisioning/taskserv-redis@^1',
    'provisioning extension install ./redis-1.0.0.tar.gz --workspace',
  ];
  static override args = {
    references: argument({ multiple: true, required: true, description: 'any reference to an extension' }),
  };
  static override flags = {
    ...registryFlags,
    ...intoWorkspace,
    ...signatureFlag,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ExtensionInstall);
    const references = args.references ?? [];
    if (asksForWorkspace(this, flags.workspace)) return pullIntoWorkspace(this, references, flags);
    await using session = await openArtifacts(this, flags);
    const { artifacts } = session;
    const { cwd } = this.runtime;
    const modules = await Promise.all(references.map((text) => identifyExtension(artifacts, text, cwd)));
    const installed = await installExtensions(artifacts, modules, installOptions(this, session));
    await this.out.result(snakeKeys(installed), () => installedLines(this, installed));
  }
}
