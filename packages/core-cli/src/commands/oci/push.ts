import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { pushExtension } from '@provisioning/distribution';
import { packageSource } from '../../extension/package-source.ts';
import { checkedFolders } from '../../extension/require-valid.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { registryFlags } from '../../oci/flags.ts';
import { openArtifacts } from '../../oci/session.ts';
import { formatBytes } from '../../oci/transfers.ts';
import { snakeKeys } from '../../output/snake-keys.ts';

export default class OciPush extends ProvisioningCommand {
  static override summary = 'Publish an extension in the registry';
  static override description =
    'Name and version come from the manifest; given on the command line they must equal it. A published version never changes.';
  static override spec: CommandSpec = { access: 'w', workspace: false, sideEffect: 'create' };
  static override examples = [
    'provisioning oci push ./redis redis 1.0.0',
    'provisioning oci push ./redis --sign --key cosign.key',
  ];
  static override args = {
    path: argument({ required: true, description: 'folder of an extension, an archive of one, or its name' }),
    name: argument({ description: 'must equal the manifest' }),
    version: argument({ description: 'must equal the manifest' }),
  };
  static override flags = {
    ...registryFlags,
    sign: boolean({ description: 'sign it too' }),
    key: string({ description: 'private key (PEM) to sign with' }),
    force: boolean({ description: 'replace a published version (solo and multiuser)' }),
    latest: boolean({ description: 'move the tag latest to it' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(OciPush);
    await using session = await openArtifacts(this, flags);
    const result = await pushExtension(session.artifacts, {
      path: await packageSource(this, args.path!),
      ...(args.name === undefined ? {} : { name: args.name }),
      ...(args.version === undefined ? {} : { version: args.version }),
      sign: flags.sign,
      ...(flags.key === undefined ? {} : { keyFile: flags.key }),
      force: flags.force,
      latest: flags.latest,
      check: this.globals.check,
      ...checkedFolders(),
    });
    const verb = {
      pushed: 'Pushed',
      replaced: 'Replaced',
      unchanged: 'Unchanged',
      'would-push': 'Would push',
    }[result.state];
    await this.out.result(snakeKeys(result), () => [
      `${this.out.style.mark('ok')} ${verb} ${result.reference}`,
      `  ${result.digest} (${formatBytes(result.size)})`,
      ...(result.signedBy === undefined ? [] : [`  signed by ${result.signedBy}`]),
    ]);
  }
}
