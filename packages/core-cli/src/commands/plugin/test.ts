import { string as argument } from '@oclif/core/args';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { fastPaths, tryFastPaths } from '../../plugin/fast-paths.ts';

export default class PluginTest extends ProvisioningCommand {
  static override summary = 'Try the fast paths; exit 1 when one cannot be used';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning plugin test', 'provisioning plugin test orchestrator'];
  static override args = {
    plugin: argument({ description: 'one of them', options: fastPaths.map(({ name }) => name) }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(PluginTest);
    const chosen = fastPaths.filter(({ name }) => args.plugin === undefined || name === args.plugin);
    const states = await tryFastPaths(this, chosen);
    if (states.some(({ available }) => !available)) this.exitCode = 1;
    const { style } = this.out;
    await this.out.result(states, () =>
      states.map(
        ({ name, available, detail, milliseconds }) =>
          `${style.mark(available ? 'ok' : 'warning')} ${name}: ${detail}${available ? ` (${milliseconds} ms)` : ''}`,
      ),
    );
  }
}
