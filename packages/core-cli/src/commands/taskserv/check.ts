import { checkRequirements } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';
import { placed } from '../../taskserv/placed.ts';
import { taskservArguments, taskservFlags, taskservTargets } from '../../taskserv/targets.ts';

export default class TaskservCheck extends ProvisioningCommand {
  static override summary = 'Ask servers whether they fulfil what taskservs need';
  static override description =
    'System, memory, disk, and that the server can be reached. Changes nothing. Ends with exit code 1 when something lacks.';
  static override spec: CommandSpec = { access: '-' };
  static override examples = [
    'provisioning taskserv check postgres',
    'provisioning taskserv check kubernetes k8s-master-01',
  ];
  static override args = taskservArguments;
  static override flags = taskservFlags;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TaskservCheck);
    await using session = await openInfrastructure(this);
    const places = await placed(session, await taskservTargets(session, args.taskserv ?? [], flags));
    const rows = await Promise.all(
      places.map(async ({ server, use, references }) => {
        const row = { service: use.name, target: server.hostname };
        try {
          await checkRequirements(session.context, server, use, references);
          return { ...row, met: true, missing: [] };
        } catch (error) {
          return { ...row, met: false, missing: [ProvisioningError.from(error).message] };
        }
      }),
    );
    const { style } = this.out;
    await this.out.result(rows, () =>
      rows.map(({ service, target, met, missing }) =>
        met
          ? `${style.mark('ok')} ${service} can be installed on ${target}`
          : `${style.mark('error')} ${service} on ${target}: ${missing.join('; ')}`,
      ),
    );
    if (rows.some(({ met }) => !met)) this.exitCode = 1;
  }
}
