import { string } from '@oclif/core/flags';
import type { CommandDetails } from '../../catalogue/catalogue.ts';
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
    const { catalogue } = this.host;
    const rows: CommandDetails['metadata'][] = [];
    for (const [id, entry] of catalogue.commands) {
      if (entry.hidden) continue;
      const { metadata } = await catalogue.details(id);
      if (flags.group !== undefined && metadata.group !== flags.group) continue;
      if (flags.tag !== undefined && !metadata.tags.includes(flags.tag)) continue;
      rows.push(metadata);
    }
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
