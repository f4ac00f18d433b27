import { string as argument } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { extensionFolder } from '../../extension/find.ts';
import { afterEveryChange, reportLines, testExtension, testFlags } from '../../extension/tests.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { currentCatalogue } from '../../session/modules.ts';

export default class ExtensionTest extends ProvisioningCommand {
  static override summary = 'Run the tests of an extension';
  static override spec: CommandSpec = { access: '-', workspace: false, slow: true };
  static override examples = [
    'provisioning extension test .',
    'provisioning extension test redis --test-type unit,security',
    'provisioning extension test clusters/my-stack --test-type integration --target test-env --no-parallel',
  ];
  static override args = {
    path: argument({ description: 'folder or type/name; default the current folder' }),
  };
  static override flags = {
    ...testFlags,
    watch: boolean({ description: 'again after every change, until Ctrl-C' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ExtensionTest);
    const { catalogue } = await currentCatalogue(this);
    const { path } = await extensionFolder(catalogue, this.runtime.cwd, args.path);
    const once = async (): Promise<void> => {
      const report = await testExtension(this, path, flags);
      this.exitCode = report.summary.failed > 0 ? 1 : 0;
      await this.out.result(report, () => reportLines(report, this.out.style));
    };
    await once();
    if (flags.watch) await afterEveryChange(this, path, once);
  }
}
