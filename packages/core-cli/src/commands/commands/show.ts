import { string } from '@oclif/core/args';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { resolveWords } from '../../aliases/resolve.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { suggest } from '../../suggest.ts';

export default class CommandsShow extends ProvisioningCommand {
  static override summary = 'Show the metadata of a command';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning commands show server create'];
  static override args = {
    command: string({ required: true, multiple: true, description: 'words of the command' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(CommandsShow);
    const { catalogue } = this.host;
    const words = args.command;
    const found = resolveWords(catalogue, words);
    const id = found.words.join(' ');
    if (found.consumed !== words.length || !catalogue.commands.has(id)) {
      const near = suggest(words.join(' '), catalogue.commands.keys());
      throw new ProvisioningError({
        code: 'COMMAND_NOT_FOUND',
        kind: 'not-found',
        message: `Unknown command: ${words.join(' ')}`,
        hint: near === undefined ? `'provisioning commands list' shows them all` : `Did you mean: ${near}?`,
      });
    }
    const { metadata } = await catalogue.details(id);
    await this.out.result(metadata, () => [
      `${metadata.name} - ${metadata.description}`,
      `Group:      ${metadata.group}`,
      `Tags:       ${metadata.tags.join(', ')}`,
      `Effect:     ${metadata.requirements.side_effect_type}`,
      `Auth:       ${metadata.requirements.auth_type}, permission ${metadata.requirements.min_permission}`,
      `Workspace:  ${metadata.workspace_required ? 'needed' : 'not needed'}`,
    ]);
  }
}
