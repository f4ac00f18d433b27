import { boolean, string } from '@oclif/core/flags';
import { readHistories, unfinishedRun } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { splitList } from '../../argv/lists.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { type InfrastructureSession, openInfrastructure } from '../../session/infrastructure.ts';
import { resumeCreate } from '../../taskserv/resume.ts';
import { taskservArguments, taskservTargets } from '../../taskserv/targets.ts';
import { type UpdateRequest, updateTaskservs } from '../../taskserv/update.ts';

export default class TaskservUpdate extends ProvisioningCommand {
  static override summary = 'Bring installed taskservs to another version';
  static override description =
    'One server after another, each healthy before the next; data is backed up before. A server where it fails gets back what it had, and the run stops: --resume goes on from there, also after a failed `taskserv create`.\nA new major version of a taskserv with data needs --migrate.';
  static override spec: CommandSpec = { access: 'w', sideEffect: 'update', slow: true };
  static override examples = [
    'provisioning taskserv update coredns --version 1.11.3',
    'provisioning taskserv update --taskservs redis,haproxy --parallel',
    'provisioning taskserv update postgres --version 16.1 --migrate',
    'provisioning taskserv update --security-patches --yes',
    'provisioning taskserv update --resume',
  ];
  static override args = taskservArguments;
  static override flags = {
    taskservs: string({ description: 'taskservs instead of the argument', multiple: true }),
    servers: string({ description: 'servers instead of the last argument', multiple: true }),
    version: string({ description: 'version; default the newest' }),
    parallel: boolean({ description: 'taskservs side by side; none may depend on another' }),
    migrate: boolean({ description: 'carry the data over to a new major version' }),
    rolling: boolean({ description: 'one server after another (default)' }),
    resume: boolean({ description: 'go on with what a failed or interrupted run left' }),
    'security-only': boolean({
      description: 'only versions that fix a security problem',
      aliases: ['security-patches'],
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TaskservUpdate);
    await using session = await openInfrastructure(this);
    const left = flags.resume ? await unfinishedRun(session.context) : undefined;
    if (left?.command === 'create') return await resumeCreate(this, session, left);
    const request = left ?? (await this.#request(session, args.taskserv ?? [], flags));
    await updateTaskservs(this, session, request, left);
  }

  async #request(
    session: InfrastructureSession,
    words: readonly string[],
    flags: {
      readonly taskservs?: string[];
      readonly servers?: string[];
      readonly version?: string;
      readonly parallel: boolean;
      readonly migrate: boolean;
      readonly 'security-only': boolean;
    },
  ): Promise<UpdateRequest> {
    const typed = [...words, ...(flags.taskservs ?? []).flatMap(splitList)];
    // Fixes are wanted for everything there is, unless somebody says of what.
    const named = typed.length === 0 && flags['security-only'] ? await installedHere(session) : typed;
    const targets = await taskservTargets(session, named, { servers: flags.servers });
    if (flags.version !== undefined && targets.names.length > 1) {
      throw new ProvisioningError({
        code: 'INVALID_OPTION_VALUE',
        kind: 'usage',
        message: '--version goes with one taskserv only',
      });
    }
    return {
      command: 'update',
      ...targets,
      version: flags.version,
      parallel: flags.parallel,
      migrate: flags.migrate,
      securityOnly: flags['security-only'],
    };
  }
}

/** Every taskserv that was installed from here. @throws ProvisioningError `NOTHING_INSTALLED`, exit 1. */
async function installedHere({ context, infrastructure }: InfrastructureSession): Promise<string[]> {
  const defined = new Set(infrastructure.servers.map(({ hostname }) => hostname));
  const names = [...(await readHistories(context))].flatMap(([hostname, history]) =>
    defined.has(hostname) ? Object.keys(history) : [],
  );
  if (names.length > 0) return [...new Set(names)].sort();
  throw new ProvisioningError({
    code: 'NOTHING_INSTALLED',
    message: `Nothing was installed on ${infrastructure.name} from here yet`,
    hint: 'Name taskservs, or install some: provisioning taskserv create <name>',
  });
}
