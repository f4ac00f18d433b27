import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { type SandboxReport, sandboxTestTypes, testTaskserv } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import type { MarkKind } from '../../output/style.ts';
import { findTaskserv } from '../../taskserv/catalogue.ts';
import { openTaskservs } from '../../taskserv/open.ts';

const marks: Readonly<Record<SandboxReport['tests'][number]['status'], MarkKind>> = {
  passed: 'ok',
  failed: 'error',
  skipped: 'info',
};

export default class TaskservTest extends ProvisioningCommand {
  static override summary = 'Try a taskserv in a container';
  static override description =
    'basic runs four tests; integration also installs it for real, twice; full removes it and installs it again.\nThe image is ubuntu:22.04, or the base image of the local provider where that cannot be had.';
  static override spec: CommandSpec = { access: '-', workspace: false, slow: true };
  static override examples = [
    'provisioning taskserv test redis',
    'provisioning taskserv test redis --test-type integration --runtime podman --keep',
  ];
  static override args = { taskserv: argument({ required: true, description: 'name' }) };
  static override flags = {
    runtime: string({ description: 'docker, podman, or native for no container; default what is here' }),
    'test-type': string({ description: sandboxTestTypes.join(', '), default: 'basic' }),
    image: string({ description: 'image of the container' }),
    keep: boolean({ description: 'leave the container taskserv-test-<name>' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TaskservTest);
    const type = sandboxTestTypes.find((one) => one === flags['test-type']);
    if (type === undefined) throw invalid(`Unknown test type: ${flags['test-type']}`, sandboxTestTypes);
    const runtimes = ['docker', 'podman', 'native'] as const;
    const runtime = runtimes.find((one) => one === flags.runtime);
    if (flags.runtime !== undefined && runtime === undefined)
      throw invalid(`Unknown runtime: ${flags.runtime}`, runtimes);
    const { selection, extensions } = await openTaskservs(this);
    const { path, name } = await findTaskserv(extensions, args.taskserv);
    const { out } = this;
    for (const line of [out.style.strong('Taskserv Sandbox Testing'), `Taskserv: ${name}`]) out.line(line);
    const report = await testTaskserv({
      folder: path,
      type,
      runtime,
      image: flags.image,
      keep: flags.keep,
      environment: this.runtime.environment,
      context: {
        workspace: { name: selection?.name ?? 'none', path: selection?.path ?? this.runtime.cwd },
        signal: this.signal,
        report: (progress) => {
          if (progress.type === 'log') out.debug(progress.message);
        },
        now: () => this.runtime.now(),
      },
      say: (line) => out.line(line),
    });
    await out.result(report, () => this.#summary(report));
    if (report.failed > 0) this.exitCode = 1;
  }

  #summary(report: SandboxReport): string[] {
    const { style } = this.out;
    return [
      style.strong('Test Summary'),
      `Runtime: ${report.runtime}`,
      `Total tests: ${report.total}`,
      `Passed: ${report.passed}`,
      `Failed: ${report.failed}`,
      `Skipped: ${report.skipped}`,
      'Detailed Results:',
      ...report.tests.map(({ name, status, message }) => `${style.mark(marks[status])} ${name}: ${message}`),
      ...(report.kept ? [`The container stays: ${report.runtime} exec -it ${report.container!} bash`] : []),
      report.failed === 0
        ? `${style.mark('ok')} All tests passed`
        : `${style.mark('error')} Some tests failed`,
    ];
  }
}

function invalid(message: string, valid: readonly string[]): ProvisioningError {
  return new ProvisioningError({
    code: 'INVALID_OPTION_VALUE',
    kind: 'usage',
    message,
    hint: `Valid: ${valid.join(', ')}`,
  });
}
