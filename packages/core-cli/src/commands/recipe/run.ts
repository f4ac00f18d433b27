import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { suggest } from '../../suggest.ts';
import { main } from '../../main.ts';
import { recipeLine } from '../../recipe/line.ts';
import { recipes } from '../../recipe/table.ts';

export default class RecipeRun extends ProvisioningCommand {
  static override summary = 'Run a recipe';
  static override description =
    'Arguments the recipe has no parameter for are passed on to its command. A recipe that takes something away asks first,\nunless YES=1.';
  static override spec: CommandSpec = { access: 'l', workspace: false };
  static override examples = [
    'provisioning recipe orch-tasks-failed',
    'provisioning recipe workflow-cleanup-old 30',
    'provisioning recipe run orch-task-retry web-deploy --print',
  ];
  static override strict = false;
  static override args = { recipe: argument({ required: true, description: 'name, as the list has it' }) };
  static override flags = { print: boolean({ description: 'only print the command' }) };

  async run(): Promise<void> {
    const { args, argv, flags } = await this.parse(RecipeRun);
    const { catalogue, interruption, passthrough } = this.host;
    const table = await recipes(catalogue);
    const recipe = table.find(({ name }) => name === args.recipe);
    if (recipe === undefined) {
      const near = suggest(
        args.recipe,
        table.map(({ name }) => name),
      );
      throw new ProvisioningError({
        code: 'RECIPE_NOT_FOUND',
        kind: 'not-found',
        message: `Unknown recipe: ${args.recipe}`,
        hint: near === undefined ? 'provisioning recipe list' : `Did you mean: provisioning recipe ${near}?`,
      });
    }
    const line = recipeLine(recipe, [...(argv as string[]).slice(1), ...passthrough]);
    if (flags.print) {
      const text = `provisioning ${line.join(' ')}`;
      await this.out.result({ command: text }, () => [text]);
      return;
    }
    const { yes, check } = this.globals;
    const sure = yes || this.runtime.environment['YES'] === '1';
    if (recipe.destructive && !sure) await this.confirm('Continue?');
    // What was answered here is not asked again by the command.
    const answered = recipe.destructive && !check ? ['--yes'] : yes ? ['--yes'] : [];
    this.exitCode = await main(
      [...line, ...answered, ...(check ? ['--check'] : []), '--out', this.globals.out],
      catalogue,
      this.runtime,
      interruption,
    );
  }
}
