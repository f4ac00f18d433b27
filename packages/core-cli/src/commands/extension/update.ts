import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { updateExtensions } from '@provisioning/distribution';
import { installOptions, updatedLines } from '../../extension/installing.ts';
import { signatureFlag } from '../../extension/flags.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { registryFlags } from '../../oci/flags.ts';
import { openArtifacts } from '../../oci/session.ts';
import { snakeKeys } from '../../output/snake-keys.ts';

export default class ExtensionUpdate extends ProvisioningCommand {
  static override summary = 'Bring installed extensions to their newest version that fits';
  static override description =
    'A new major version and new permissions are asked about. When the new version cannot be activated the older one stays.\nExtensions of a workspace are updated with "dep update".';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update', slow: true };
  static override examples = [
    'provisioning extension update',
    'provisioning extension update redis --version ^1.2 --check',
  ];
  static override args = { name: argument({ description: 'name, or type/name; default all' }) };
  static override flags = {
    ...registryFlags,
    version: string({ description: 'version or range instead of the newest' }),
    ...signatureFlag,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ExtensionUpdate);
    await using session = await openArtifacts(this, flags);
    const versions = await updateExtensions(session.artifacts, args.name, {
      ...installOptions(this, session),
      ...(flags.version === undefined ? {} : { version: flags.version }),
    });
    await this.out.result(snakeKeys(versions), () => updatedLines(this, versions));
  }
}
