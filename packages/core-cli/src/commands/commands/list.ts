import { string } from '@oclif/core/flags';
import { searchCommands } from '../../catalogue/search.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

export default class CommandsList extends ProvisioningCommand {
  static override summary = 'List every command with its metadata';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning commands list',
    'provisioning commands list --group infrastructure --out json',
  ];
  static override flags = {
    group: string({ description: 'only commands of this group' }),
    tag: string({ description: 'only commands with this tag' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(CommandsList);
    const rows = await searchCommands(
      this.host.catalogue,
      ({ group, tags }) =>
        (flags.group === undefined || group === flags.group) &&
        (flags.tag === undefined || tags.includes(flags.tag)),
    );
    await this.out.list(
      rows,
      [
        { title: 'COMMAND', value: (row) => row.name },
        { title: 'GROUP', value: (row) => row.group },
        { title: 'EFFECT', value: (row) => row.requirements.side_effect_type },
        { title: 'AUTH', value: (row) => row.requirements.auth_type },
        { title: 'DESCRIPTION', value: (row) => row.description },
      ],
      'commands',
    );
  }
}
