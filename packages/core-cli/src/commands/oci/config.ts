import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { registryFlags } from '../../oci/flags.ts';
import { openArtifacts } from '../../oci/session.ts';

export default class OciConfig extends ProvisioningCommand {
  static override summary = 'Show the settings of the OCI client';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning oci config'];
  static override flags = {
    ...registryFlags,
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(OciConfig);
    await using session = await openArtifacts(this, flags);
    const { tool, registry, namespaces, cacheFolder, plainHttp } = session.artifacts.settings;
    const shown = {
      tool,
      registry,
      namespace: { extensions: namespaces.extensions, platform: namespaces.platform },
      cache_dir: cacheFolder,
      tls_enabled: !plainHttp,
    };
    const { stringify } = await import('yaml');
    await this.out.result(shown, () => [stringify(shown).trimEnd()]);
  }
}
