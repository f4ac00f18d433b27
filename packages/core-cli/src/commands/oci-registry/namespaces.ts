import { namespacePolicies } from '@provisioning/distribution';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openArtifacts } from '../../oci/session.ts';
import { snakeKeys } from '../../output/snake-keys.ts';

export default class OciRegistryNamespaces extends ProvisioningCommand {
  static override summary = 'List the namespaces and what they keep';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning oci-registry namespaces'];

  async run(): Promise<void> {
    await this.parse(OciRegistryNamespaces);
    await using session = await openArtifacts(this, {});
    await this.out.list(
      namespacePolicies(session.artifacts.settings.namespaces),
      [
        { title: 'namespace', value: ({ namespace }) => namespace },
        { title: 'description', value: ({ description }) => description },
        { title: 'public', value: ({ publicRead }) => publicRead },
        { title: 'retention', value: ({ keepTags, keepDays }) => `${keepTags} tags, ${keepDays} days` },
      ],
      'namespaces',
      snakeKeys,
    );
  }
}
