import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { parseTestTypes, runExtensionTests } from '@provisioning/core';
import { parseDuration } from '../../argv/duration.ts';
import { extensionFolder } from '../../extension/find.ts';
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
    'test-type': string({
      description: 'all, or unit, integration, e2e, performance, security',
      aliases: ['test-types'],
      default: 'all',
    }),
    target: string({
      description: 'where integration and e2e tests run; they read it as PROVISIONING_TEST_TARGET',
      default: 'local',
    }),
    parallel: boolean({
      description: 'types and files side by side; performance tests run alone',
      allowNo: true,
      default: true,
    }),
    duration: string({ description: 'how long performance tests are repeated: 30s, 5m' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ExtensionTest);
    const types = parseTestTypes(flags['test-type']);
    const { catalogue } = await currentCatalogue(this);
    const { path } = await extensionFolder(catalogue, this.runtime.cwd, args.path);
    this.out.progress(`Running tests for ${path}...`);
    const report = await runExtensionTests({
      path,
      types,
      target: flags.target,
      parallel: flags.parallel,
      ...(flags.duration === undefined ? {} : { duration: parseDuration(flags.duration, '--duration') }),
      environment: this.runtime.environment,
      onLine: (line) => {
        if (this.globals.verbose) this.out.progress(line);
      },
      now: () => this.runtime.now(),
    });
    const { style } = this.out;
    await this.out.result(report, () => [
      ...report.test_results.map(({ test_type: type, status, passed, failed, duration, error }) =>
        status === 'skipped'
          ? `${style.mark('inactive')} ${type}: no tests`
          : `${style.mark(status === 'passed' ? 'ok' : 'error')} ${type}: ${passed} passed, ${failed} failed (${duration} ms)${error === undefined ? '' : `\n    ${error.replaceAll('\n', '\n    ')}`}`,
      ),
      `Total: ${report.summary.total}, passed ${report.summary.passed}, failed ${report.summary.failed}`,
    ]);
    if (report.summary.failed > 0) this.exitCode = 1;
  }
}
