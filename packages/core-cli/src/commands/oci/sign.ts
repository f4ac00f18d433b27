import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { signReference } from '@provisioning/distribution';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { registryFlags } from '../../oci/flags.ts';
import { openArtifacts } from '../../oci/session.ts';

export default class OciSign extends ProvisioningCommand {
  static override summary = 'Sign an extension in the registry';
  static override description =
    'The signature is stored as cosign stores its own, and cosign verify accepts it. oci.signing.tool = cosign or notation leaves signing to that program; keys that cosign encrypted always are (COSIGN_PASSWORD).';
  static override spec: CommandSpec = { access: 'w', workspace: false, sideEffect: 'update' };
  static override examples = ['provisioning oci sign redis:1.0.0 --key signing.key'];
  static override args = {
    reference: argument({ required: true, description: '<name>:<version>, or a full reference' }),
  };
  static override flags = {
    ...registryFlags,
    key: string({
      description: 'private key: ECDSA P-256 or Ed25519, PKCS#8 PEM; a cosign key; a key name of notation',
    }),
    annotation: string({ description: 'k=v, part of what is signed', multiple: true }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(OciSign);
    await using session = await openArtifacts(this, flags);
    const result = await signReference(session.artifacts, args.reference!, {
      ...(flags.key === undefined ? {} : { keyFile: flags.key }),
      annotations: flags.annotation ?? [],
      check: this.globals.check,
    });
    await this.out.result(result, () => [
      `${this.out.style.mark('ok')} Signed ${result.reference} with key ${result.key}`,
    ]);
  }
}
