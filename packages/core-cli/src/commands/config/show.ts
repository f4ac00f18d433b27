import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { configurationHierarchy, configurationSources, shownConfiguration } from '@provisioning/core';
import { surroundingsOf } from '../../session/surroundings.ts';
import { openConfiguration } from '../../session/workspace.ts';

export default class ConfigShow extends ProvisioningCommand {
  static override summary =
    'Show the resolved configuration, and with --hierarchy where each value came from';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning config show',
    'provisioning config show providers --hierarchy',
    'provisioning config show --section orchestrator --out yaml',
  ];
  static override args = { key: argument({ description: 'dotted key; default everything' }) };
  static override flags = {
    section: string({ description: 'dotted key instead of the argument' }),
    hierarchy: boolean({ description: 'the layer, file and line of each value, and what it hides' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ConfigShow);
    const { configuration } = await openConfiguration(this);
    const key = args.key ?? flags.section;
    if (key !== undefined) configuration.require(key);
    if (this.out.machine && !flags.hierarchy) {
      await this.out.result(shownConfiguration(configuration, key), () => []);
      return;
    }
    const leaves = configurationSources(configuration, key);
    if (flags.hierarchy) {
      const layers = await configurationHierarchy(surroundingsOf(this.runtime), configuration);
      if (this.out.machine) {
        await this.out.result({ layers, values: leaves }, () => []);
        return;
      }
      for (const { layer, files } of layers)
        for (const { file, found } of files) this.out.line(`${layer}  ${file}${found ? '' : '  (absent)'}`);
      this.out.line();
    }
    await this.out.list(
      leaves,
      [
        { title: 'KEY', value: (row) => row.key },
        { title: 'VALUE', value: (row) => show(row.value) },
        ...(flags.hierarchy
          ? [
              { title: 'LAYER', value: (row: (typeof leaves)[number]) => row.layer },
              { title: 'FROM', value: (row: (typeof leaves)[number]) => place(row) },
              {
                title: 'HIDES',
                value: (row: (typeof leaves)[number]) =>
                  row.overridden.map((below) => `${below.layer}=${show(below.raw)}`).join(', '),
              },
            ]
          : []),
      ],
      'settings',
    );
  }
}

/** A value in one line. */
export function show(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** File and line of a value, or the variable or flag. */
export function place(row: {
  readonly file?: string;
  readonly line?: number;
  readonly origin?: string;
}): string {
  if (row.file !== undefined) return row.line === undefined ? row.file : `${row.file}:${row.line}`;
  return row.origin ?? '';
}
