import { string as argument } from '@oclif/core/args';
import { configurationSources } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openConfiguration } from '../../session/workspace.ts';
import { place, show } from './show.ts';

export default class ConfigDebug extends ProvisioningCommand {
  static override summary = 'Show the full chain of layers behind every value of a section';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning config debug providers',
    'provisioning config debug debug.log_level',
  ];
  static override args = { section: argument({ required: true, description: 'dotted key or section' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(ConfigDebug);
    const { configuration } = await openConfiguration(this);
    configuration.require(args.section!);
    const rows = configurationSources(configuration, args.section);
    await this.out.result(rows, () =>
      rows.flatMap((row) => [
        `${this.out.style.strong(row.key)} = ${show(row.value)}`,
        `  ${row.layer}  ${place(row)}${row.interpolated ? `  from ${show(row.raw)}` : ''}${row.overlay === undefined ? '' : `  (${row.overlay})`}`,
        ...row.overridden.map((below) => `  hides ${below.layer}  ${place(below)}  ${show(below.raw)}`),
      ]),
    );
  }
}
