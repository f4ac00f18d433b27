import { commandOutputs, plainOutputs } from '@provisioning/client';
import { checkCommandLine } from '../../check-line.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { counted } from '../../output/counted.ts';

export default class CommandsValidate extends ProvisioningCommand {
  static override summary = 'Check the metadata, examples and documented outputs of every command';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning commands validate'];

  async run(): Promise<void> {
    await this.parse(CommandsValidate);
    const { catalogue } = this.host;
    const errors: string[] = [];
    for (const id of catalogue.commands.keys()) {
      const { examples, metadata } = await catalogue.details(id);
      if (metadata.description === '') errors.push(`${id}: no description`);
      if (metadata.tags.length === 0) errors.push(`${id}: no tags`);
      if (examples.length === 0) errors.push(`${id}: no example`);
      for (const example of examples) {
        const words = commandWords(example);
        const problem =
          words[0] === 'provisioning' ? await checkCommandLine(catalogue, words.slice(1)) : undefined;
        if (problem !== undefined) errors.push(`${id}: ${example}: ${problem}`);
      }
      if (!Object.hasOwn(commandOutputs, id) && !Object.hasOwn(plainOutputs, id))
        errors.push(`${id}: what it prints is not documented`);
    }
    const { size } = catalogue.commands;
    if (errors.length > 0) this.exitCode = 1;
    await this.out.result({ valid: errors.length === 0, commands: size, errors }, () =>
      errors.length === 0
        ? [`${this.out.style.mark('ok')} ${counted(size, 'command')} are valid`]
        : errors.map((error) => `${this.out.style.mark('error')} ${error}`),
    );
  }
}

/** Words of an example up to a pipe, a redirection or the next command. */
function commandWords(example: string): string[] {
  const words: string[] = [];
  for (const [, double, single, bare] of example.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)) {
    if (bare !== undefined && /^([|>]|&&)$/.test(bare)) break;
    words.push(double ?? single ?? bare ?? '');
  }
  return words;
}
