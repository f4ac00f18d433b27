import { string as argument } from '@oclif/core/args';
import { dependencyTree, readInstalled, readLock, renderTree } from '@provisioning/distribution';
import { select } from '../../session/workspace.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class DepTree extends ProvisioningCommand {
  static override summary = 'Show what depends on what';
  static override spec: CommandSpec = { access: '-' };
  static override examples = ['provisioning dep tree', 'provisioning dep tree kubernetes'];
  static override args = {
    name: argument({ description: 'one extension; default everything the workspace asks for' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(DepTree);
    const { path } = await select(this, 'none');
    const [lock, installed] = await Promise.all([readLock(path), readInstalled(path)]);
    const tree = dependencyTree(lock ?? { packages: [] }, installed, args.name);
    await this.out.result(tree, () => (tree.length === 0 ? ['No dependencies found'] : renderTree(tree)));
  }
}
