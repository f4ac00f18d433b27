import { listInfrastructures } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { select } from '../../session/workspace.ts';

export default class InfraList extends ProvisioningCommand {
  static override summary = 'List the infrastructures of the workspace';
  static override spec: CommandSpec = { access: '-' };
  static override examples = ['provisioning infra list', 'provisioning infra list --out json'];

  async run(): Promise<void> {
    await this.parse(InfraList);
    const selection = await select(this, 'optional').catch(() => select(this, 'none'));
    const names = await listInfrastructures(selection.path);
    const rows = names.map((name) => ({
      name,
      path: `${selection.path}/infra/${name}`,
      current: name === selection.infra,
    }));
    await this.out.list(
      rows,
      [
        { title: 'NAME', value: (row) => row.name },
        { title: 'CURRENT', value: (row) => (row.current ? 'yes' : '') },
        { title: 'PATH', value: (row) => row.path },
      ],
      'infrastructures',
    );
  }
}
