import { interpolatedValues } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openConfiguration } from '../../session/workspace.ts';
import { show } from './show.ts';

export default class ConfigInterpolated extends ProvisioningCommand {
  static override summary = 'List the values that are expressions, and what they give';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning config interpolated',
    'provisioning config interpolated --out json',
  ];

  async run(): Promise<void> {
    await this.parse(ConfigInterpolated);
    const { configuration } = await openConfiguration(this);
    await this.out.list(
      interpolatedValues(configuration),
      [
        { title: 'KEY', value: (row) => row.key },
        { title: 'EXPRESSION', value: (row) => show(row.raw) },
        { title: 'VALUE', value: (row) => show(row.value) },
      ],
      'expressions',
    );
  }
}
