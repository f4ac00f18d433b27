import { join, sep } from 'node:path';
import { extensionKinds, type TestReport } from '@provisioning/core';
import { reportLines, testExtension, testFlags } from '../../extension/tests.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { currentCatalogue } from '../../session/modules.ts';

export default class ExtensionTestAll extends ProvisioningCommand {
  static override summary = 'Run the tests of every extension of the workspace';
  static override description =
    'Those of the product are left out; name one to test it: extension test redis.';
  static override spec: CommandSpec = { access: '-', slow: true };
  static override examples = [
    'provisioning extension test-all',
    'provisioning workspace tools test-all --test-type unit --out json',
  ];
  static override flags = testFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(ExtensionTestAll);
    const { catalogue, selection } = await currentCatalogue(this);
    const folder = join(selection?.path ?? this.runtime.cwd, 'extensions') + sep;
    const lists = await Promise.all(extensionKinds.map((kind) => catalogue.list(kind)));
    const own = lists.flat().filter(({ path }) => path.startsWith(folder));
    const reports: TestReport[] = [];
    for (const { path } of own) reports.push(await testExtension(this, path, flags));
    if (reports.some(({ summary }) => summary.failed > 0)) this.exitCode = 1;
    const { style } = this.out;
    await this.out.result(reports, () =>
      reports.length === 0
        ? ['No extensions found']
        : reports.flatMap((report) => [style.strong(report.extension), ...reportLines(report, style)]),
    );
  }
}
