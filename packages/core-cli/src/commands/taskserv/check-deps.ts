import { string as argument } from '@oclif/core/args';
import { checkTaskservDependencies, type DependencyReport } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { findTaskserv } from '../../taskserv/catalogue.ts';
import { openTaskservs } from '../../taskserv/open.ts';

export default class TaskservCheckDeps extends ProvisioningCommand {
  static override summary = 'Report what a taskserv requires, may use and conflicts with';
  static override description = 'Ends with exit code 1 when something required is not there.';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning taskserv check-deps kubernetes',
    'provisioning taskserv check-deps linkerd --out json',
  ];
  static override args = { taskserv: argument({ required: true, description: 'name' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(TaskservCheckDeps);
    const { extensions } = await openTaskservs(this);
    const { name } = await findTaskserv(extensions, args.taskserv);
    const report = await checkTaskservDependencies(extensions, name);
    await this.out.result(report, () => this.#lines(report));
    if (report.status === 'INVALID') this.exitCode = 1;
  }

  #lines(report: DependencyReport): string[] {
    const { style } = this.out;
    const bullets = (title: string, list: DependencyReport['required']): string[] =>
      list.length === 0
        ? []
        : [
            '',
            title,
            ...list.map(
              ({ name, range, available, provided_by: by }) =>
                `  • ${name}${range === '*' ? '' : ` ${range}`}${by === undefined ? '' : ` (${by})`}${
                  available ? '' : ` ${style.bad('not found')}`
                }`,
            ),
          ];
    return [
      style.strong('Dependency Validation Report'),
      `Taskserv: ${report.taskserv}`,
      `Status: ${report.status}`,
      ...bullets('Required Dependencies:', report.required),
      ...bullets('Optional Dependencies:', report.optional),
      ...bullets('Conflicts:', report.conflicts),
      ...(report.errors.length === 0
        ? []
        : ['', ...report.errors.map((text) => `${style.mark('error')} ${text}`)]),
    ];
  }
}
