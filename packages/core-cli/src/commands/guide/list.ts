import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { guides } from '../../guide/guides.ts';

export default class GuideList extends ProvisioningCommand {
  static override summary = 'List the guides';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning guide list', 'provisioning howto'];

  async run(): Promise<void> {
    await this.parse(GuideList);
    const rows = guides.map(({ name, aliases, title, summary, time }) => ({
      name,
      aliases,
      title,
      summary,
      time,
    }));
    await this.out.list(
      rows,
      [
        { title: 'NAME', value: (row) => row.name },
        { title: 'ALSO', value: (row) => row.aliases.join(', ') },
        { title: 'TIME', value: (row) => row.time },
        { title: 'ABOUT', value: (row) => row.summary },
      ],
      'guides',
    );
  }
}
