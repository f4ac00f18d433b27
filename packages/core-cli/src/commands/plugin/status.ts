import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { fastPaths, tryFastPaths } from '../../plugin/fast-paths.ts';

export default class PluginStatus extends ProvisioningCommand {
  static override summary = 'Show which fast paths are in use';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning plugin status'];

  async run(): Promise<void> {
    await this.parse(PluginStatus);
    const states = await tryFastPaths(this, fastPaths);
    const { style } = this.out;
    await this.out.result(states, () => [
      ...states.map(({ name, summary, available, detail, instead }) =>
        available
          ? `${style.good('[OK]')} ${name} - ${summary}`
          : `${style.warn('[--]')} ${name} - ${detail}; ${instead}`,
      ),
      '',
      states.every(({ available }) => available)
        ? 'All plugins loaded - using native high-performance mode'
        : `${states.filter(({ available }) => available).length} of ${states.length} plugins in use`,
    ]);
  }
}
