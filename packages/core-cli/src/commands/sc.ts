import { string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../frame/command.ts';
import type { CommandSpec } from '../frame/metadata.ts';
import { condensedReference } from '../guide/condensed.ts';
import { renderMarkdown } from '../guide/markdown.ts';

export default class Sc extends ProvisioningCommand {
  static override summary = 'The short reference of all commands, on one page';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning sc', 'provisioning sc --section server'];
  static override flags = { section: string({ description: 'only sections with this word in their title' }) };

  async run(): Promise<void> {
    const { flags } = await this.parse(Sc);
    const sections = condensedReference.split(/^(?=## )/m);
    const wanted = flags.section?.toLowerCase();
    const text =
      wanted === undefined
        ? condensedReference
        : sections
            .filter(
              (part) => part.startsWith('## ') && part.split('\n', 1)[0]!.toLowerCase().includes(wanted),
            )
            .join('');
    await this.out.result({ text }, () => [
      (this.out.terminal.interactive ? renderMarkdown(text, this.out.style) : text).trimEnd(),
    ]);
  }
}
