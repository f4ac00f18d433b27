import { boolean, string } from '@oclif/core/flags';
import { openRun, planDeploy } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { carryOut } from '../../plan/carry-out.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';
import { checkCreate } from '../../taskserv/check.ts';
import { onlySelected } from '../../taskserv/own-plan.ts';
import { selectFor } from '../../taskserv/selection.ts';
import { taskservArguments, taskservFlags, taskservTargets } from '../../taskserv/targets.ts';

export default class TaskservCreate extends ProvisioningCommand {
  static override summary = 'Install taskservs on servers, with what they depend on';
  static override description =
    'A last argument that names a server installs there; otherwise on the servers that have the taskserv in their definition; where none has, on all that are large enough, after a question.\nWhat is installed and right already is left alone. What others need comes first. A failure on one server leaves the others going; `taskserv update --resume` goes on later.\n--check contacts no server.';
  static override spec: CommandSpec = { access: 'w', sideEffect: 'create', slow: true };
  static override examples = [
    'provisioning taskserv create redis',
    'provisioning taskserv create redis cache-01 --check',
    'provisioning t install postgres --servers db-01 --yes',
    'provisioning taskserv create kubernetes,cilium --profile production',
  ];
  static override args = taskservArguments;
  static override flags = {
    ...taskservFlags,
    version: string({ description: 'version instead of the one in the definition' }),
    force: boolean({ description: 'conflicts with other taskservs become warnings' }),
    rollback: boolean({ description: 'a failure takes away what this run installed, in reverse order' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TaskservCreate);
    await using session = await openInfrastructure(this);
    const targets = await taskservTargets(session, args.taskserv ?? [], flags, {
      everywhere: true,
    });
    const selected = await selectFor(this, session, targets, flags);
    if (this.globals.check) return await checkCreate(this, session, targets, selected);
    for (const warning of selected.warnings) this.out.warn(warning);
    const plan = await planDeploy(session.context, selected.definition, { targets: targets.hostnames });
    const own = onlySelected(plan, selected.byServer);
    if (selected.added.length > 0) {
      this.out.warn(
        `Not in the definition: ${selected.added.join(', ')}. Add it to the server's taskservs, so that deploy keeps it`,
      );
    }
    const what = `${targets.names.join(', ')} on ${targets.hostnames.join(', ')}`;
    await carryOut(this, session, own, {
      name: `taskserv create ${targets.names.join(' ')}`,
      command: 'taskserv.create',
      kind: 'taskserv',
      nothing: `Nothing to do: ${targets.names.join(', ')} already installed on ${targets.hostnames.join(', ')}`,
      done: `Installed ${what}`,
      question: `Install ${what}?`,
      confirm: targets.everywhere === true || session.infrastructure.environment === 'production',
      rollback: flags.rollback,
      begin: () =>
        openRun(
          session.context,
          {
            command: 'create',
            names: targets.names,
            hostnames: targets.hostnames,
            version: flags.version,
            profile: this.globals.profile,
            config_file: this.globals.config,
            force: flags.force,
          },
          this.runtime.now(),
        ),
    });
  }
}
