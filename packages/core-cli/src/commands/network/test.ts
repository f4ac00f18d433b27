import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { testNetwork } from '../../network/check.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

export default class NetworkTest extends ProvisioningCommand {
  static override summary =
    'Try SSH, names, the gateway and the ways between all servers; exit 1 when something fails';
  static override spec: CommandSpec = { access: '-', slow: true };
  static override examples = ['provisioning network test', 'provisioning network test --out json'];

  async run(): Promise<void> {
    await this.parse(NetworkTest);
    await using session = await openInfrastructure(this);
    const results = await testNetwork(session);
    const bad = results.filter(({ ok }) => !ok).length;
    const { style } = this.out;
    await this.out.result({ healthy: bad === 0, checks: results }, () => [
      ...(results.length === 0 ? [`${style.mark('info')} nothing to check`] : []),
      ...this.out.table(results, [
        { title: 'SERVER', value: ({ server }) => server },
        { title: 'CHECK', value: ({ check }) => check },
        { title: 'RESULT', value: ({ ok, reason }) => (ok ? 'ok' : reason) },
      ]),
    ]);
    if (bad > 0) this.exitCode = 1;
  }
}
