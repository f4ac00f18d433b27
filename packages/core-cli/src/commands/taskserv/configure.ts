import { installedOn, planDeploy } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { carryOut } from '../../plan/carry-out.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';
import { onlySelected } from '../../taskserv/own-plan.ts';
import { selectFor } from '../../taskserv/selection.ts';
import { taskservArguments, taskservFlags, taskservTargets } from '../../taskserv/targets.ts';

export default class TaskservConfigure extends ProvisioningCommand {
  static override summary = 'Bring the configuration of installed taskservs to what is defined';
  static override description =
    'Files that differ are replaced, services reloaded or restarted, health is checked; when it is bad, the files of before come back. --config merges a file over the definition, this time only.';
  static override spec: CommandSpec = { access: 'w', sideEffect: 'update' };
  static override examples = [
    'provisioning taskserv configure redis',
    'provisioning taskserv configure haproxy lb-01 --config haproxy.toml',
  ];
  static override args = taskservArguments;
  static override flags = taskservFlags;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TaskservConfigure);
    await using session = await openInfrastructure(this);
    const targets = await taskservTargets(session, args.taskserv ?? [], flags);
    const { definition } = await selectFor(this, session, targets, { force: true });
    const byServer = new Map<string, readonly string[]>();
    for (const server of session.infrastructure.servers) {
      if (!targets.hostnames.includes(server.hostname)) continue;
      const installed = await installedOn(session.context, server);
      byServer.set(
        server.hostname,
        targets.names.filter((name) => installed.has(name)),
      );
    }
    const what = targets.names.join(', ');
    if ([...byServer.values()].every((names) => names.length === 0)) {
      throw new ProvisioningError({
        code: 'NOT_INSTALLED',
        message: `Service ${what} is not installed on ${targets.hostnames.join(', ')}`,
        hint: `Install it: provisioning taskserv create ${targets.names[0]!}`,
      });
    }
    const plan = await planDeploy(session.context, definition, {
      targets: targets.hostnames,
      readOnly: this.globals.check,
    });
    await carryOut(this, session, onlySelected(plan, byServer), {
      name: `taskserv configure ${targets.names.join(' ')}`,
      command: 'taskserv.configure',
      kind: 'taskserv',
      nothing: `Nothing to do: ${what} is configured as defined`,
      done: `Configured ${what} on ${targets.hostnames.join(', ')}`,
      question: `Configure ${what} on ${targets.hostnames.join(', ')}?`,
      confirm: session.infrastructure.environment === 'production',
    });
  }
}
