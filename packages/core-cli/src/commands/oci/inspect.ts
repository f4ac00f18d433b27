import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { inspectArtifact } from '@provisioning/distribution';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { registryFlags } from '../../oci/flags.ts';
import { openArtifacts } from '../../oci/session.ts';

export default class OciInspect extends ProvisioningCommand {
  static override summary = 'Show the manifest of an extension in the registry';
  static override spec: CommandSpec = { access: 'r', workspace: false };
  static override examples = [
    'provisioning oci inspect redis:1.0.0',
    'provisioning oci inspect redis:1.0.0 --raw',
  ];
  static override args = {
    reference: argument({ required: true, description: '<name>[:<version>], or a full reference' }),
  };
  static override flags = {
    ...registryFlags,
    format: string({ description: 'yaml or json', options: ['yaml', 'json'], default: 'yaml' }),
    raw: boolean({ description: 'the OCI manifest with digest, size and what refers to it' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(OciInspect);
    await using session = await openArtifacts(this, flags);
    const found = await inspectArtifact(session.artifacts, args.reference!, { raw: flags.raw });
    const shown = flags.raw ? found : found.manifest;
    const { stringify } = await import('yaml');
    await this.out.result(shown, () => [
      flags.format === 'json' ? JSON.stringify(shown, null, 2) : stringify(shown).trimEnd(),
    ]);
  }
}
