import { boolean, string } from '@oclif/core/flags';
import {
  closeRun,
  openRun,
  planUpdate,
  type TaskservRun,
  taskservManifests,
  TaskservPackages,
  unfinishedRun,
  type UpdatePlan,
} from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { splitList } from '../../argv/lists.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { carryOut } from '../../plan/carry-out.ts';
import { type InfrastructureSession, openInfrastructure } from '../../session/infrastructure.ts';
import { resumeCreate } from '../../taskserv/resume.ts';
import { taskservArguments, taskservTargets } from '../../taskserv/targets.ts';
import { newestVersion, updateSources } from '../../taskserv/versions.ts';

type Request = Omit<TaskservRun, 'id' | 'started_at'> & { readonly securityOnly?: boolean };

export default class TaskservUpdate extends ProvisioningCommand {
  static override summary = 'Bring installed taskservs to another version';
  static override description =
    'One server after another, each healthy before the next; data is backed up before. A server where it fails gets back what it had, and the run stops: --resume goes on from there, also after a failed `taskserv create`.\nA new major version of a taskserv with data needs --migrate.';
  static override spec: CommandSpec = { access: 'w', sideEffect: 'update', slow: true };
  static override examples = [
    'provisioning taskserv update coredns --version 1.11.3',
    'provisioning taskserv update --taskservs redis,haproxy --parallel',
    'provisioning taskserv update postgres --version 16.1 --migrate',
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
    const plan = await this.#plan(session, request);
    const names = request.names.join(', ');
    const { infra } = plan;
    const versions = plan.steps
      .filter(({ status }) => status === 'update')
      .map((step) => `${step.service} on ${step.target}: ${step.from_version} → ${step.to_version}`);
    const current = plan.steps.map((step) => `${step.service} already at ${step.to_version}`);
    await carryOut(this, session, plan, {
      name: `taskserv update ${request.names.join(' ')}`,
      command: 'taskserv.update',
      kind: 'taskserv',
      nothing: [...new Set(current)].join(', '),
      done: `Updated ${names} on ${infra}: ${versions.join(', ')}`,
      question: `Update ${versions.join(', ')}?`,
      confirm: plan.graph.length > 0 && session.infrastructure.environment === 'production',
      begin: () =>
        left === undefined
          ? openRun(session.context, request, this.runtime.now())
          : Promise.resolve(() => closeRun(session.context, left.id)),
    });
    // What was left to do is done, also when nothing was left.
    if (left !== undefined && plan.graph.length === 0 && !this.globals.check)
      await closeRun(session.context, left.id);
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
  ): Promise<Request> {
    const named = [...words, ...(flags.taskservs ?? []).flatMap(splitList)];
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

  async #plan(session: InfrastructureSession, request: Request): Promise<UpdatePlan> {
    const manifests = await taskservManifests(session.project.extensions);
    const sources = updateSources(this);
    const { securityOnly } = request;
    return planUpdate(session.context, session.infrastructure, {
      names: request.names,
      hostnames: request.hostnames,
      manifests,
      packages: new TaskservPackages(),
      version: (name, from) =>
        request.version === undefined
          ? newestVersion(manifests.get(name)!, sources, { from, securityOnly })
          : Promise.resolve(request.version),
      migrate: request.migrate,
      parallel: request.parallel,
    });
  }
}
