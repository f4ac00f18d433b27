import { string as argument } from '@oclif/core/args';
import { checkUpdates } from '@provisioning/distribution';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { registryFlags } from '../../oci/flags.ts';
import { workspaceDependencies } from '../../oci/dependencies.ts';
import { openArtifacts } from '../../oci/session.ts';

export default class DepCheckUpdates extends ProvisioningCommand {
  static override summary = 'List newer versions of the extensions of the workspace';
  static override spec: CommandSpec = { access: 'r' };
  static override examples = [
    'provisioning dep check-updates',
    'provisioning dep check-updates redis --out json',
  ];
  static override args = { name: argument({ description: 'one extension; default all' }) };
  static override flags = {
    ...registryFlags,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(DepCheckUpdates);
    await using session = await openArtifacts(this, flags, 'required');
    const { workspacePath, block } = workspaceDependencies(this, session);
    const updates = await checkUpdates(session.artifacts, {
      workspacePath,
      block,
      ...(args.name === undefined ? {} : { name: args.name }),
    });
    await this.out.list(
      updates,
      [
        { title: 'name', value: ({ name }) => name },
        { title: 'current', value: ({ current }) => current },
        { title: 'latest', value: ({ latest }) => latest },
        { title: 'update_available', value: (row) => row.update_available },
      ],
      'locked extensions',
    );
  }
}
