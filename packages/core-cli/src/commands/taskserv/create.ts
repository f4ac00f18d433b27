import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { hasChanges, planDeploy } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { carryOut } from '../../plan/carry-out.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';
import { taskservTargets, withTaskservs } from '../../taskserv/targets.ts';

export default class TaskservCreate extends ProvisioningCommand {
  static override summary = 'Install taskservs on servers';
  static override description =
    'A last argument that names a server installs there; otherwise all servers that have the taskserv in their definition.\nWhat is installed and right already is left alone.';
  static override spec: CommandSpec = { access: 'w', sideEffect: 'create', slow: true };
  static override examples = [
    'provisioning taskserv create redis',
    'provisioning taskserv create redis cache-01 --check',
    'provisioning t install postgres --servers db-01 --yes',
  ];
  static override args = {
    taskserv: argument({ multiple: true, description: 'taskservs, and at the end a server' }),
  };
  static override flags = {
    taskserv: string({ description: 'taskserv instead of the argument' }),
    servers: string({ description: 'servers instead of the last argument', multiple: true }),
    version: string({ description: 'version instead of the one in the definition' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TaskservCreate);
    await using session = await openInfrastructure(this);
    const targets = await taskservTargets(session, args.taskserv ?? [], flags);
    const { definition, added } = withTaskservs(session.infrastructure, targets, flags.version);
    const plan = await planDeploy(session.context, definition, {
      targets: targets.hostnames,
      readOnly: this.globals.check,
    });
    const missing = plan.changes
      .filter(({ kind, action }) => kind === 'server' && action === 'create')
      .map(({ name }) => name);
    const wanted = (name: string): boolean => targets.names.includes(name.split('/')[1] ?? '');
    const nodes = plan.graph.filter(({ type, input }) => {
      const { taskserv } = input as { taskserv?: { name: string } };
      return type === 'taskserv.create' && taskserv !== undefined && targets.names.includes(taskserv.name);
    });
    const ids = new Set(nodes.map(({ id }) => id));
    const own = {
      ...plan,
      changes: plan.changes.filter(({ kind, name }) => kind === 'taskserv' && wanted(name)),
      graph: nodes.map((node) => ({ ...node, dependencies: node.dependencies.filter((id) => ids.has(id)) })),
      blocked: [
        ...plan.blocked,
        ...missing.map((name) => `${name} does not exist yet; create it with: provisioning deploy`),
      ],
    };
    if (added.length > 0) {
      this.out.warn(
        `Not in the definition: ${added.join(', ')}. Add it to the server's taskservs, so that deploy keeps it`,
      );
    }
    await carryOut(this, session, own, {
      name: `taskserv create ${targets.names.join(' ')}`,
      command: 'taskserv.create',
      kind: 'taskserv',
      nothing: `Nothing to do: ${targets.names.join(', ')} is installed on ${targets.hostnames.join(', ')}`,
      done: `Installed ${targets.names.join(', ')} on ${targets.hostnames.join(', ')}`,
      question: `Install ${targets.names.join(', ')} on ${targets.hostnames.join(', ')}?`,
      confirm: hasChanges(own) && session.infrastructure.environment === 'production',
    });
  }
}
