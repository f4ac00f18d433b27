import { templateCategories } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openTemplates, selectIfAny } from '../../session/modules.ts';

export default class TemplateTypes extends ProvisioningCommand {
  static override summary = 'List the kinds of templates with their number';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning template types'];

  async run(): Promise<void> {
    await this.parse(TemplateTypes);
    const catalogue = await openTemplates((await selectIfAny(this))?.path);
    const rows = await Promise.all(
      templateCategories.map(async (type) => ({
        type,
        count: (await catalogue.list({ category: type })).length,
      })),
    );
    await this.out.list(
      rows,
      [
        { title: 'TYPE', value: (row) => row.type },
        { title: 'TEMPLATES', value: (row) => row.count },
      ],
      'types',
    );
  }
}
