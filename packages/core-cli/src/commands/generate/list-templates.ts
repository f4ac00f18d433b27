import { scaffolds } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class GenerateListTemplates extends ProvisioningCommand {
  static override summary = 'List what generate extension can write';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning generate list-templates'];

  async run(): Promise<void> {
    await this.parse(GenerateListTemplates);
    await this.out.list(
      scaffolds,
      [
        { title: 'TYPE', value: (row) => row.type },
        { title: 'NAME', value: (row) => row.name },
        { title: 'DESCRIPTION', value: (row) => row.description },
      ],
      'scaffolds',
    );
  }
}
