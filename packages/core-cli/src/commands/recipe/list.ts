import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { recipes } from '../../recipe/table.ts';

export default class RecipeList extends ProvisioningCommand {
  static override summary = 'List the recipes: everyday lines of work under a name';
  static override description = 'The same names as `just --list` in a source checkout.';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning recipe list', 'provisioning recipe list --out json'];

  async run(): Promise<void> {
    await this.parse(RecipeList);
    const rows = (await recipes(this.host.catalogue)).map((recipe) => ({
      name: recipe.name,
      parameters: recipe.parameters,
      command: `provisioning ${recipe.words.join(' ')}`,
      summary: recipe.summary,
      destructive: recipe.destructive,
    }));
    await this.out.list(
      rows,
      [
        { title: 'NAME', value: ({ name, parameters }) => [name, ...parameters].join(' ') },
        { title: 'DOES', value: ({ summary }) => summary },
      ],
      'recipes',
    );
  }
}
