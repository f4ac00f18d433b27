import { boolean, integer, string } from '@oclif/core/flags';
import { kubernetesNodes } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { type InfrastructureSession, openInfrastructure } from '../../session/infrastructure.ts';
import { installTaskservs } from '../../taskserv/install.ts';
import { askForServers } from '../../taskserv/placing.ts';
import { installedFor } from '../../taskserv/selection.ts';
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
    await installTaskservs(this, session, targets, {
      version: flags.version,
      force: flags.force,
      rollback: flags.rollback,
      parallel: flags.rolling ? 1 : flags.parallel,
      unasked: flags.hotfix,
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
  flags: {
    readonly servers?: readonly string[];
    readonly 'control-plane-only': boolean;
    readonly 'workers-only': boolean;
  },
): readonly string[] {
  const at = words.findIndex((word) => word === 'kubernetes' || word === 'k8s');
  const { workers } = at < 0 ? { workers: [] } : kubernetesNodes(infrastructure);
  if (at < 0 || (workers.length === 0 && !flags['workers-only'])) {
    if (at >= 0 || !(flags['workers-only'] || flags['control-plane-only'])) return words;
    throw new ProvisioningError({
      code: 'INVALID_OPTION_VALUE',
      kind: 'usage',
      message: '--control-plane-only and --workers-only go with kubernetes only',
    });
  }
  // Who names a server says what it shall have.
  const named =
    flags.servers !== undefined || infrastructure.servers.some(({ hostname }) => hostname === words.at(-1));
  if (flags['control-plane-only'] || (named && !flags['workers-only'])) return words;
  const join = flags['workers-only'] ? ['k8s-nodejoin'] : [words[at]!, 'k8s-nodejoin'];
  return [...words.slice(0, at), ...join, ...words.slice(at + 1)];
}
