import { boolean } from '@oclif/core/flags';
import {
  dependentsOf,
  type Infrastructure,
  installedOn,
  operations,
  taskservManifests,
  taskservsOf,
  TaskservPackages,
} from '@provisioning/core';
import { type Change, type OperationNode, ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { carryOut } from '../../plan/carry-out.ts';
import { type InfrastructureSession, openInfrastructure } from '../../session/infrastructure.ts';
import {
  namesOn,
  type TaskservTargets,
  taskservArguments,
  taskservFlags,
  taskservTargets,
  uses,
} from '../../taskserv/targets.ts';

export default class TaskservDelete extends ProvisioningCommand {
  static override summary = 'Remove taskservs from servers; data stays unless asked for';
  static override spec: CommandSpec = { access: 'd', sideEffect: 'delete' };
  static override examples = [
    'provisioning taskserv delete redis cache-01',
    'provisioning taskserv delete redis --cleanup-data --yes',
    'provisioning taskserv uninstall haproxy --check',
  ];
  static override args = taskservArguments;
  static override flags = {
    ...taskservFlags,
    'cleanup-data': boolean({ description: 'remove its data, too', exclusive: ['keep-data'] }),
    'keep-data': boolean({ description: 'leave its data where it is (default)' }),
    force: boolean({ description: 'also when other taskservs there need it' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TaskservDelete);
    await using session = await openInfrastructure(this);
    const targets = await taskservTargets(session, args.taskserv ?? [], flags);
    const definition = withEntries(session.infrastructure, targets);
    const packages = new TaskservPackages();
    if (!flags.force) await this.#refuseNeeded(session, targets);
    const changes: Change[] = [];
    const graph: OperationNode[] = [];
    for (const server of definition.servers.filter(({ hostname }) => targets.hostnames.includes(hostname))) {
      let previous: string | undefined;
      const planned = await taskservsOf(session.context, server, definition, packages);
      // What depends on another goes before it.
      for (const { use, references } of planned.toReversed()) {
        if (!namesOn(targets, server.hostname).includes(use.name)) continue;
        const input = {
          server: { hostname: server.hostname, provider: server.provider },
          taskserv: use,
          references,
          cleanup_data: flags['cleanup-data'] ?? false,
        };
        const [change] = await operations.get('taskserv.delete')!.plan(session.context, input);
        if (!change) continue;
        changes.push(change);
        if (change.action === 'unchanged') continue;
        const id = `delete-${server.hostname}.${use.name}`;
        graph.push({
          id,
          type: 'taskserv.delete',
          name: `${use.name} on ${server.hostname}`,
          input,
          dependencies: previous === undefined ? [] : [previous],
          resources: [`server/${server.hostname}`],
        });
        previous = id;
      }
    }
    if (graph.length === 0) {
      throw new ProvisioningError({
        code: 'NOT_INSTALLED',
        message: `Service ${targets.names.join(', ')} is not installed on ${targets.hostnames.join(', ')}`,
        hint: 'What is installed where: provisioning taskserv list --installed',
      });
    }
    const { name: infra, environment } = session.infrastructure;
    const plan = {
      workspace: session.selection.name,
      infra,
      environment,
      changes,
      graph,
      blocked: [],
      warnings: [],
    };
    const what = `${targets.names.join(', ')} from ${targets.hostnames.join(', ')}`;
    await carryOut(this, session, plan, {
      name: `taskserv delete ${targets.names.join(' ')}`,
      command: 'taskserv.delete',
      kind: 'taskserv',
      nothing: `Nothing to do: ${targets.names.join(', ')} is not installed there`,
      done: `Taskserv deleted: ${what}`,
      question: `Remove ${what}${flags['cleanup-data'] ? ', with its data' : ''}?`,
      confirm: true,
    });
  }

  /** @throws ProvisioningError `TASKSERV_NEEDED` naming what would break (07 §6.1.2). */
  async #refuseNeeded(session: InfrastructureSession, targets: TaskservTargets): Promise<void> {
    const manifests = await taskservManifests(session.project.extensions);
    const servers = session.infrastructure.servers.filter(({ hostname }) =>
      targets.hostnames.includes(hostname),
    );
    for (const server of servers) {
      const names = namesOn(targets, server.hostname);
      const installed = new Set((await installedOn(session.context, server)).keys());
      for (const name of names) {
        const others = installed.has(name)
          ? dependentsOf(name, installed, manifests).filter((other) => !names.includes(other))
          : [];
        if (others.length === 0) continue;
        throw new ProvisioningError({
          code: 'TASKSERV_NEEDED',
          message: `Taskserv '${name}' is required by: ${others.join(', ')}`,
          hint: `On ${server.hostname}. Delete those first, or go on with --force.`,
        });
      }
    }
  }
}

/** The definition with the taskservs on these servers, also where it no longer says so. */
function withEntries(infrastructure: Infrastructure, targets: TaskservTargets): Infrastructure {
  const servers = infrastructure.servers.map((server) => {
    if (!targets.hostnames.includes(server.hostname)) return server;
    const missing = namesOn(targets, server.hostname).filter((name) => !uses(server, name));
    const entries = missing.map((name) => ({ name, profile: 'default', enabled: true, config: {} }));
    return { ...server, taskservs: [...server.taskservs.filter(({ enabled }) => enabled), ...entries] };
  });
  return { ...infrastructure, servers };
}
