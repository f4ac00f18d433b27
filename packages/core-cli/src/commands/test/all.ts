import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { integrationTests } from '../../health/integration.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

export default class TestAll extends ProvisioningCommand {
  static override summary =
    'Test an infrastructure as a whole: servers, network, Kubernetes, databases, clusters';
  static override description =
    'What it does not have is skipped. A failing test does not stop the rest; exit 1 when one failed.';
  static override spec: CommandSpec = { access: '-', slow: true };
  static override examples = ['provisioning test all --infra demo', 'provisioning test all --out json'];

  async run(): Promise<void> {
    await this.parse(TestAll);
    await using session = await openInfrastructure(this);
    const { out } = this;
    out.progress('Running Integration Tests...');
    const tests = await integrationTests(this, session, (line) => out.progress(line));
    const failed = tests.filter(({ status }) => status === 'failed').length;
    const { style } = out;
    const marks = { passed: 'ok', failed: 'error', skipped: 'info' } as const;
    await out.result({ passed: failed === 0, tests }, () => [
      ...tests.map(({ name, status, message }) =>
        status === 'skipped'
          ? `${style.mark('info')} ${name}: skipped (${message})`
          : `${style.mark(marks[status])} ${name}: ${message}`,
      ),
      failed === 0
        ? `${style.mark('ok')} All tests passed!`
        : `${style.mark('error')} ${failed} of ${tests.length} tests failed`,
    ]);
    if (failed > 0) this.exitCode = 1;
  }
}
