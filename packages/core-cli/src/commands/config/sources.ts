import { string as argument } from '@oclif/core/args';
import { configurationSources } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openConfiguration } from '../../session/workspace.ts';
import { place, show } from './show.ts';

export default class ConfigSources extends ProvisioningCommand {
  static override summary = 'List every value with the layer, file and line it comes from';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning config sources', 'provisioning config sources debug --out json'];
  static override args = { section: argument({ description: 'dotted key or section; default everything' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(ConfigSources);
    const { configuration } = await openConfiguration(this);
    if (args.section !== undefined) configuration.require(args.section);
    await this.out.list(
      configurationSources(configuration, args.section),
      [
        { title: 'KEY', value: (row) => row.key },
        { title: 'VALUE', value: (row) => show(row.value) },
        { title: 'LAYER', value: (row) => row.layer },
        { title: 'FROM', value: (row) => place(row) },
      ],
      'settings',
    );
  }
}
