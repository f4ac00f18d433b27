import { preferences } from '@provisioning/core';
import { surroundingsOf } from '../../session/surroundings.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class WorkspacePreferences extends ProvisioningCommand {
  static override summary = 'List your preferences';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning workspace preferences'];

  async run(): Promise<void> {
    await this.parse(WorkspacePreferences);
    const values = await preferences(surroundingsOf(this.runtime));
    await this.out.result(values, () =>
      Object.entries(values).map(
        ([key, value]) => `${key} = ${value === null ? '(not set)' : String(value)}`,
      ),
    );
  }
}
