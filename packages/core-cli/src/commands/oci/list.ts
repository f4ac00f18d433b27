import { listArtifacts, parsePackageKind } from '@provisioning/distribution';
import { kindFlag } from '../../extension/flags.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { registryFlags } from '../../oci/flags.ts';
import { openArtifacts } from '../../oci/session.ts';

export default class OciList extends ProvisioningCommand {
  static override summary = 'List the extensions of the registry';
  static override spec: CommandSpec = { access: 'r', workspace: false };
  static override examples = ['provisioning oci list', 'provisioning oci list --type taskserv --out json'];
  static override flags = {
    ...registryFlags,
    ...kindFlag,
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(OciList);
    await using session = await openArtifacts(this, flags);
    const type = flags.type === undefined ? undefined : parsePackageKind(flags.type);
    const artifacts = await listArtifacts(session.artifacts, type === undefined ? {} : { type });
    await this.out.list(
      artifacts,
      [
        { title: 'name', value: ({ name }) => name },
        { title: 'registry', value: ({ registry }) => registry },
        { title: 'namespace', value: ({ namespace }) => namespace },
        { title: 'reference', value: ({ reference }) => reference },
      ],
      'artifacts',
    );
  }
}
