import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { resolveModule, shownPath } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { layerTitle, shortValue } from '../../layer/values.ts';
import { openLayers } from '../../session/modules.ts';

export default class ShowConfig extends ProvisioningCommand {
  static override summary =
    'Show the configuration of a module as the layers merge it, or the resolved configuration';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning show config postgres',
    'provisioning show config postgres --infra my-prod --provenance',
    'provisioning show config kubernetes --out yaml',
  ];
  static override args = {
    module: argument({ description: 'taskserv, provider or cluster; default all of the configuration' }),
  };
  static override flags = { provenance: boolean({ description: 'where each value comes from' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ShowConfig);
    if (args.module === undefined) return this.#all();
    await using session = await openLayers(this);
    const { config, provenance } = await resolveModule(session.resolver, args.module);
    const { path } = session.selection;
    await this.out.result(flags.provenance ? { config, provenance } : config, () =>
      provenance.map(({ path: key, value, layer, file, line }) =>
        flags.provenance
          ? `${key} = ${shortValue(value)} (${layerTitle(layer)}, ${shownPath(file, path)}${line === undefined ? '' : `:${line}`})`
          : `${key} = ${shortValue(value)}`,
      ),
    );
  }

  /** Without a module, `config show`. */
  async #all(): Promise<void> {
    const { default: ConfigShow } = await import('../config/show.ts');
    const argv = this.argv.filter((word) => word !== '--provenance');
    await new ConfigShow(argv, this.host).run();
  }
}
