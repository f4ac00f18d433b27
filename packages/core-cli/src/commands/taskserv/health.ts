import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { lookAt } from '../../taskserv/look.ts';
import { taskservArguments, taskservFlags } from '../../taskserv/targets.ts';

export default class TaskservHealth extends ProvisioningCommand {
  static override summary = 'Run the health checks of taskservs on their servers';
  static override description = 'Ends with exit code 1 when one is not healthy or not installed.';
  static override spec: CommandSpec = { access: '-' };
  static override examples = [
    'provisioning taskserv health redis',
    'provisioning taskserv health etcd --servers etcd-01,etcd-02 --out json',
  ];
  static override args = taskservArguments;
  static override flags = taskservFlags;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TaskservHealth);
    const all = await lookAt(this, args.taskserv ?? [], flags);
    const reports = all.map(
      ({ service, target, health, checked_at }) =>
        health ?? { service, target, healthy: false, checks: [], last_check: checked_at },
    );
    const { style } = this.out;
    await this.out.result(reports, () =>
      reports.flatMap(({ service, target, healthy, checks }) => [
        `${style.mark(healthy ? 'ok' : 'error')} ${service} on ${target} is ${healthy ? 'healthy' : checks.length === 0 ? 'not installed' : 'not healthy'}`,
        ...checks.map(
          ({ name, status, message }) =>
            `  ${style.mark(status === 'passed' ? 'ok' : 'error')} ${name}: ${message}`,
        ),
      ]),
    );
    if (reports.some(({ healthy }) => !healthy)) this.exitCode = 1;
  }
}
