import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { operations, taskservsOf, TaskservPackages } from '@provisioning/core';
import type { Change, OperationNode } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { carryOut } from '../../plan/carry-out.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';
import { taskservTargets, withTaskservs } from '../../taskserv/targets.ts';

export default class TaskservDelete extends ProvisioningCommand {
  static override summary = 'Remove taskservs from servers; data stays unless asked for';
  static override spec: CommandSpec = { access: 'd', sideEffect: 'delete' };
  static override examples = [
    'provisioning taskserv delete redis cache-01',
    'provisioning taskserv delete redis --cleanup-data --yes',
    'provisioning taskserv uninstall haproxy --check',
  ];
  static override args = {
    taskserv: argument({ multiple: true, description: 'taskservs, and at the end a server' }),
  };
  static override flags = {
    taskserv: string({ description: 'taskserv instead of the argument' }),
    servers: string({ description: 'servers instead of the last argument', multiple: true }),
    'cleanup-data': boolean({ description: 'remove its data, too' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TaskservDelete);
    await using session = await openInfrastructure(this);
    const targets = await taskservTargets(session, args.taskserv ?? [], flags);
    const { definition } = withTaskservs(session.infrastructure, targets, undefined);
    const packages = new TaskservPackages();
    const changes: Change[] = [];
    const graph: OperationNode[] = [];
    for (const server of definition.servers.filter(({ hostname }) => targets.hostnames.includes(hostname))) {
      let previous: string | undefined;
      for (const { use, references } of await taskservsOf(session.context, server, definition, packages)) {
        if (!targets.names.includes(use.name)) continue;
        const input = {
          server: { hostname: server.hostname, provider: server.provider },
          taskserv: use,
          references,
          cleanup_data: flags['cleanup-data'],
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
}
