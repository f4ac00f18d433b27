import { listInfrastructures } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { select } from '../../session/workspace.ts';

export default class ListInfras extends ProvisioningCommand {
  static override summary = 'Names of the infrastructures';
  static override spec: CommandSpec = { access: '-' };
  static override examples = [
    'provisioning list infras',
    "provisioning list infras --out json | jq -r '.[]'",
  ];

  async run(): Promise<void> {
    await this.parse(ListInfras);
    const { path } = await select(this, 'none');
    const names = await listInfrastructures(path);
    await this.out.result(names, () => (names.length === 0 ? this.out.nothing('infrastructures') : names));
  }
}
