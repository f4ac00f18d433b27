import { string as argument } from '@oclif/core/args';
import { updateExtensions } from '@provisioning/distribution';
import { installOptions, updatedLines } from '../../extension/installing.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openArtifacts } from '../../oci/session.ts';
import { registryUrl, serviceFlags } from '../../registry/service.ts';
import { snakeKeys } from '../../output/snake-keys.ts';
import { counted } from '../../output/counted.ts';

export default class RegistryUpdate extends ProvisioningCommand {
  static override summary = 'Fetch the list of the extension registry anew, or update one extension from it';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update' };
  static override examples = ['provisioning registry update', 'provisioning registry update redis --check'];
  static override args = { name: argument({ description: 'extension to update; default the list alone' }) };
  static override flags = { ...serviceFlags };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RegistryUpdate);
    const indexUrl = await registryUrl(this, flags.registry);
    await using session = await openArtifacts(this, {}, 'optional', { source: 'http', indexUrl });
    const { extensions } = await (await session.artifacts.index()).read({ refresh: true });
    if (args.name === undefined) {
      await this.out.result({ url: indexUrl, extensions: extensions.length }, () => [
        `${this.out.style.mark('ok')} ${counted(extensions.length, 'extension')} at ${indexUrl}`,
      ]);
      return;
    }
    const options = installOptions(this, session);
    const versions = await updateExtensions(session.artifacts, args.name, options);
    await this.out.result(snakeKeys(versions), () => updatedLines(this, versions));
  }
}
