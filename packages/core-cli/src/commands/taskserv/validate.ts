import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { knownCapabilities, validateTaskserv, validationLevels } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { findTaskserv } from '../../taskserv/catalogue.ts';
import { openTaskservs } from '../../taskserv/open.ts';
import { validationLines } from '../../taskserv/report.ts';

export default class TaskservValidate extends ProvisioningCommand {
  static override summary =
    'Check the package of a taskserv: schema, templates, scripts, dependencies, health';
  static override description =
    'Nothing is contacted. Scripts are checked by shellcheck where it is installed, by the shell otherwise. Errors end with exit code 1.';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning taskserv validate kubernetes',
    'provisioning taskserv validate redis --level static --out json',
  ];
  static override args = { taskserv: argument({ required: true, description: 'name' }) };
  static override flags = {
    level: string({ description: `what to check: ${validationLevels.join(', ')}`, default: 'all' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TaskservValidate);
    const { extensions } = await openTaskservs(this);
    const { path } = await findTaskserv(extensions, args.taskserv);
    const report = await validateTaskserv(path, {
      level: flags.level,
      known: await knownCapabilities(extensions),
      path: this.runtime.environment['PATH'],
    });
    await this.out.result(report, () => validationLines(report, this.out.style));
    if (!report.valid) this.exitCode = 1;
  }
}
