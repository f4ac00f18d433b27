import { string as argument } from '@oclif/core/args';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { fastPaths, tryFastPaths } from '../../plugin/fast-paths.ts';

export default class PluginInstall extends ProvisioningCommand {
  static override summary = 'Say that a fast path is there: all of them are built in';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning plugin install orchestrator'];
  static override args = {
    plugin: argument({
      required: true,
      description: 'one of them',
      options: fastPaths.map(({ name }) => name),
    }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(PluginInstall);
    const [state] = await tryFastPaths(
      this,
      fastPaths.filter(({ name }) => name === args.plugin),
    );
    const { style } = this.out;
    await this.out.result(state, () => [
      `${style.mark('ok')} ${state!.name} is built in; there is nothing to install`,
      ...(state!.available ? [] : [`${style.mark('warning')} It cannot be used yet: ${state!.detail}`]),
    ]);
  }
}
