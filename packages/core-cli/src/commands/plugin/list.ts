import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { fastPaths } from '../../plugin/fast-paths.ts';

export default class PluginList extends ProvisioningCommand {
  static override summary = 'List the fast paths that are built in';
  static override description =
    'What this program does itself instead of asking a service or another program. They are part of it: nothing is installed.';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning plugin list'];

  async run(): Promise<void> {
    await this.parse(PluginList);
    await this.out.list(
      fastPaths.map(({ name, summary, instead }) => ({ name, summary, instead })),
      [
        { title: 'NAME', value: (path) => path.name },
        { title: 'WHAT IT DOES', value: (path) => path.summary },
        { title: 'OTHERWISE', value: (path) => path.instead },
      ],
      'plugins',
    );
    await this.next('provisioning plugin test');
  }
}
