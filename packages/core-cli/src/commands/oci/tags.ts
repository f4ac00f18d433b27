import { string as argument } from '@oclif/core/args';
import { integer } from '@oclif/core/flags';
import { listTags } from '@provisioning/distribution';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { registryFlags } from '../../oci/flags.ts';
import { openArtifacts } from '../../oci/session.ts';

export default class OciTags extends ProvisioningCommand {
  static override summary = 'List the versions of an extension';
  static override spec: CommandSpec = { access: 'r', workspace: false };
  static override examples = ['provisioning oci tags redis'];
  static override args = { name: argument({ required: true, description: 'name of the extension' }) };
  static override flags = {
    ...registryFlags,
    limit: integer({ description: 'most results', min: 1 }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(OciTags);
    await using session = await openArtifacts(this, flags);
    const tags = await listTags(
      session.artifacts,
      args.name!,
      flags.limit === undefined ? {} : { limit: flags.limit },
    );
    await this.out.list(
      tags,
      [
        { title: 'artifact', value: ({ artifact }) => artifact },
        { title: 'version', value: ({ version }) => version },
        { title: 'reference', value: ({ reference }) => reference },
      ],
      'versions',
    );
  }
}
