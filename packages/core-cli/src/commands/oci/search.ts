import { string as argument } from '@oclif/core/args';
import { integer } from '@oclif/core/flags';
import { parsePackageKind, searchArtifacts } from '@provisioning/distribution';
import { kindFlag } from '../../extension/flags.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { registryFlags } from '../../oci/flags.ts';
import { openArtifacts } from '../../oci/session.ts';

export default class OciSearch extends ProvisioningCommand {
  static override summary = 'Find extensions by name, description or tag';
  static override spec: CommandSpec = { access: 'r', workspace: false };
  static override examples = [
    'provisioning oci search cache',
    "provisioning oci search 'post*' --type taskserv",
  ];
  static override args = {
    query: argument({ required: true, description: 'text, or a glob over names such as *sql*' }),
  };
  static override flags = {
    ...registryFlags,
    ...kindFlag,
    limit: integer({ description: 'most results', default: 50, min: 1 }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(OciSearch);
    await using session = await openArtifacts(this, flags);
    const type = flags.type === undefined ? undefined : parsePackageKind(flags.type);
    const found = await searchArtifacts(session.artifacts, args.query!, {
      limit: flags.limit,
      ...(type === undefined ? {} : { type }),
    });
    await this.out.list(
      found,
      [
        { title: 'name', value: ({ name }) => name },
        { title: 'type', value: (row) => row.type },
        { title: 'version', value: ({ version }) => version },
        { title: 'description', value: ({ description }) => description },
      ],
      'artifacts',
    );
  }
}
