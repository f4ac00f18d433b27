import { string } from '@oclif/core/flags';
import { type Template, type TemplateCategory, templateCategories } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openTemplates, selectIfAny } from '../../session/modules.ts';
import { counted } from '../../output/counted.ts';

export default class TemplateList extends ProvisioningCommand {
  static override summary = 'List templates';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning template list', 'provisioning template list --type providers'];
  static override flags = {
    type: string({ description: 'category', options: [...templateCategories] }),
    tag: string({ description: 'environment or feature' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(TemplateList);
    const catalogue = await openTemplates((await selectIfAny(this))?.path);
    const category = flags.type as TemplateCategory | undefined;
    const templates = await catalogue.list({
      ...(category === undefined ? {} : { category }),
      ...(flags.tag === undefined ? {} : { tag: flags.tag }),
    });
    for (const error of catalogue.broken) this.out.warn(error.message);
    const rows = templates.map(({ name, metadata: { template, tags }, source }) => ({
      name,
      category: template.category,
      version: template.version,
      description: template.description,
      source,
      tags: [...tags.environment, ...tags.features],
    }));
    await this.out.result(rows, () => this.#view(templates));
  }

  #view(templates: readonly Template[]): string[] {
    const { style } = this.out;
    const groups = templateCategories.map((category) => ({
      category,
      members: templates.filter(({ metadata }) => metadata.template.category === category),
    }));
    return [
      style.strong('Available Templates:'),
      ...groups
        .filter(({ members }) => members.length > 0)
        .flatMap(({ category, members }) => [
          `${category.toUpperCase()}:`,
          ...members.map(
            ({ name, metadata: { template } }) =>
              `• ${name}${template.description === '' ? '' : ` - ${template.description}`}`,
          ),
        ]),
      `Total: ${counted(templates.length, 'template')}`,
    ];
  }
}
