import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { verifyReference } from '@provisioning/distribution';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { registryFlags } from '../../oci/flags.ts';
import { openArtifacts } from '../../oci/session.ts';

export default class OciVerify extends ProvisioningCommand {
  static override summary = 'Check the signature of an extension';
  static override spec: CommandSpec = { access: 'r', workspace: false };
  static override examples = ['provisioning oci verify redis:1.0.0 --key signing.pub'];
  static override args = {
    reference: argument({ required: true, description: '<name>:<version>, or a full reference' }),
  };
  static override flags = {
    ...registryFlags,
    key: string({ description: 'public key (PEM); default the configured ones', multiple: true }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(OciVerify);
    await using session = await openArtifacts(this, flags);
    const result = await verifyReference(session.artifacts, args.reference!, flags.key ?? []);
    await this.out.result(result, () => [
      `${this.out.style.mark('ok')} Signature valid: ${result.reference} signed by ${result.key}`,
    ]);
  }
}
