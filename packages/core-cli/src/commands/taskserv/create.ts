import { boolean, integer, string } from '@oclif/core/flags';
import { kubernetesNodes, openRun, planDeploy } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { carryOut } from '../../plan/carry-out.ts';
import { type InfrastructureSession, openInfrastructure } from '../../session/infrastructure.ts';
import { checkCreate } from '../../taskserv/check.ts';
import { onlySelected } from '../../taskserv/own-plan.ts';
import { askForServers } from '../../taskserv/placing.ts';
import { installedFor, selectFor } from '../../taskserv/selection.ts';
import {
  namesOn,
  taskservArguments,
  taskservFlags,
  type TaskservTargets,
  taskservTargets,
} from '../../taskserv/targets.ts';
import { updateTaskservs } from '../../taskserv/update.ts';

export default class TaskservCreate extends ProvisioningCommand {
  static override summary = 'Install taskservs on servers, with what they depend on';
  static override description =
    'A last argument that names a server installs there; otherwise each taskserv goes on the servers that have it in their definition, or that its `nodes` name. Where none has it a terminal is asked for the servers; --yes means all that are large enough; without either nothing is installed.\nWhat is installed and right already is left alone. What others need comes first. A failure on one server leaves the others going; `taskserv update --resume` goes on later.\n--check contacts no server.';
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
    parallel: integer({ description: 'servers worked on at once', min: 1 }),
    rolling: boolean({ description: 'one server after another', exclusive: ['parallel'] }),
    migrate: boolean({ description: 'carry data of an older major version over' }),
    'control-plane-only': boolean({
      description: 'Kubernetes: only the control planes',
      exclusive: ['workers-only'],
    }),
    'workers-only': boolean({ description: 'Kubernetes: only join the workers' }),
    hotfix: boolean({ description: 'no question in production; everything is still validated' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TaskservCreate);
    await using session = await openInfrastructure(this);
    const words = args.taskserv ?? [];
    const targets = await taskservTargets(session, withNodes(words, session, flags), flags, {
      place: askForServers(this, session),
    });
    if (flags.migrate && (await this.#migrate(session, targets, flags.version))) return;
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
      confirm:
        session.infrastructure.environment === 'production' && !flags.hotfix && targets.chosen !== true,
      rollback: flags.rollback,
      parallel: flags.rolling ? 1 : flags.parallel,
      begin: () =>
        openRun(
          session.context,
          {
            command: 'create',
            names: targets.names,
            hostnames: targets.hostnames,
            byServer: targets.byServer,
            version: flags.version,
            profile: this.globals.profile,
            config_file: this.globals.config,
            force: flags.force,
          },
          this.runtime.now(),
        ),
    });
  }

  /** Taskservs that are there in another version take the way of an update, which carries their data over (07 §5.1). */
  async #migrate(
    session: InfrastructureSession,
    targets: TaskservTargets,
    version: string | undefined,
  ): Promise<boolean> {
    const installed = await installedFor(session, targets);
    const there = targets.hostnames.every((hostname) =>
      namesOn(targets, hostname).every((name) => installed.get(hostname)?.has(name)),
    );
    if (!there) return false;
    await updateTaskservs(this, session, { command: 'update', ...targets, version, migrate: true });
    return true;
  }
}

/** The words of the command line with the part of a Kubernetes cluster that was asked for (07 §6). */
function withNodes(
  words: readonly string[],
  { infrastructure }: InfrastructureSession,
  flags: { readonly 'control-plane-only': boolean; readonly 'workers-only': boolean },
): readonly string[] {
  const at = words.findIndex((word) => word === 'kubernetes' || word === 'k8s');
  const { workers } = kubernetesNodes(infrastructure.taskservs);
  if (at < 0 || (workers.length === 0 && !flags['workers-only'])) {
    if (at >= 0 || !(flags['workers-only'] || flags['control-plane-only'])) return words;
    throw new ProvisioningError({
      code: 'INVALID_OPTION_VALUE',
      kind: 'usage',
      message: '--control-plane-only and --workers-only go with kubernetes only',
    });
  }
  if (flags['control-plane-only']) return words;
  const join = flags['workers-only'] ? ['k8s-nodejoin'] : [words[at]!, 'k8s-nodejoin'];
  return [...words.slice(0, at), ...join, ...words.slice(at + 1)];
}
