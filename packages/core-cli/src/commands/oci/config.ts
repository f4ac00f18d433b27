import { string } from '@oclif/core/flags';
import { setConfigurationKey } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { registryFlags } from '../../oci/flags.ts';
import { openArtifacts } from '../../oci/session.ts';
import { loadOptionsOf, selectOptional } from '../../session/workspace.ts';

export default class OciConfig extends ProvisioningCommand {
  static override summary = 'Show the settings of the OCI client, or set one of them';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = ['provisioning oci config', 'provisioning oci config --set tool=skopeo'];
  static override flags = {
    ...registryFlags,
    set: string({ description: 'a key below oci in your own configuration file, as key=value' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(OciConfig);
    if (flags.set !== undefined) await this.#set(flags.set);
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

  async #set(assignment: string): Promise<void> {
    const [, key, text] = /^([^=]+)=(.*)$/s.exec(assignment) ?? [];
    if (key === undefined || text === undefined) {
      throw new ProvisioningError({
        code: 'INVALID_OPTION_VALUE',
        kind: 'usage',
        message: `Invalid value for --set: ${assignment}`,
        hint: 'write key=value, such as --set registry=registry.example.com',
      });
    }
    const { file } = await setConfigurationKey({
      ...loadOptionsOf(this, await selectOptional(this)),
      key: `oci.${key}`,
      text,
      scope: 'user',
      check: this.globals.check,
    });
    if (this.globals.check)
      this.out.warn(`Check mode: No changes will be made; oci.${key} would go into ${file}`);
    else this.out.info(`oci.${key} is set in ${file}`);
  }
}
