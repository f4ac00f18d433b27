import { string as argument } from '@oclif/core/args';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { searchCommands } from '../../catalogue/search.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class CommandsSearch extends ProvisioningCommand {
  static override summary = 'Find commands by tag or group';
  static override description = 'by-tags finds commands that have all the tags.';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning commands search by-tag destructive',
    'provisioning commands search by-tags delete slow',
    'provisioning commands search by-group orchestration --out json',
  ];
  static override args = {
    by: argument({ required: true, description: 'by-tag, by-tags or by-group' }),
    words: argument({ required: true, multiple: true, description: 'tags, or a group' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(CommandsSearch);
    const words: readonly string[] = args.words;
    if (!/^by-(tags?|group)$/.test(args.by!) || (args.by !== 'by-tags' && words.length > 1)) {
      throw new ProvisioningError({
        code: 'INVALID_INPUT',
        kind: 'usage',
        message: `Invalid search: ${args.by} ${words.join(' ')}`,
        hint: 'Write: commands search by-tag TAG | by-tags TAG.. | by-group GROUP',
      });
    }
    const found = await searchCommands(this.host.catalogue, ({ group, tags }) =>
      args.by === 'by-group' ? group === words[0] : words.every((word) => tags.includes(word)),
    );
    await this.out.list(
      found,
      [
        { title: 'COMMAND', value: (row) => row.name },
        { title: 'GROUP', value: (row) => row.group },
        { title: 'TAGS', value: (row) => row.tags.join(', ') },
        { title: 'DESCRIPTION', value: (row) => row.description },
      ],
      'commands',
    );
  }
}
