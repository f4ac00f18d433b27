import { string as argument } from '@oclif/core/args';
import type { Issue } from '@provisioning/extensions-sdk';
import { configurationSources, loadConfiguration } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { loadOptionsOf, selectOptional } from '../../session/workspace.ts';
import { show } from '../config/show.ts';

export default class ValidateInterpolation extends ProvisioningCommand {
  static override summary = 'Evaluate every expression of the configuration; exit 3 when one fails';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning validate interpolation'];
  static override args = {
    part: argument({ description: 'test or validate: the same here', options: ['test', 'validate'] }),
  };

  async run(): Promise<void> {
    await this.parse(ValidateInterpolation);
    const issues: Issue[] = [];
    const configuration = await loadConfiguration({
      ...loadOptionsOf(this, await selectOptional(this)),
      issues,
    });
    const failed = new Map(issues.map((issue) => [issue.location?.key, issue.message]));
    const rows = configurationSources(configuration)
      .filter(({ interpolated }) => interpolated)
      .map(({ key, raw, value }) => ({ key, raw, value, status: failed.get(key) ?? 'ok' }));
    const shown = new Set(rows.map(({ key }) => key));
    for (const { location, message } of issues)
      if (!shown.has(location?.key ?? ''))
        rows.push({ key: location?.key ?? '', raw: null, value: null, status: message });
    if (issues.length > 0) this.exitCode = 3;
    await this.out.list(
      rows,
      [
        { title: 'KEY', value: (row) => row.key },
        { title: 'EXPRESSION', value: (row) => show(row.raw) },
        { title: 'VALUE', value: (row) => show(row.value) },
        { title: 'STATUS', value: (row) => row.status },
      ],
      'expressions',
    );
  }
}
