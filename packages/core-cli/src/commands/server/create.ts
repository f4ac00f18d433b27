import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { hasChanges, planDeploy } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { carryOut } from '../../plan/carry-out.ts';
import { targetsOf } from '../../server/targets.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

export default class ServerCreate extends ProvisioningCommand {
  static override summary = 'Create the servers that are defined and not there';
  static override description =
    'Only the servers, not the services on them; deploy does both. Without names, all of them.';
  static override spec: CommandSpec = { access: 'm', sideEffect: 'create', slow: true };
  static override examples = [
    'provisioning server create --check',
    'provisioning server create web-01 --yes',
    'provisioning -i demo s c',
  ];
  static override args = { server: argument({ multiple: true, description: 'hostnames; default all' }) };
  static override flags = {
    name: string({ description: 'hostname instead of the argument' }),
    servers: string({ description: 'hostnames instead of the argument', multiple: true }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ServerCreate);
    await using session = await openInfrastructure(this);
    const targets = await targetsOf(session, args.server, flags);
    const plan = await planDeploy(session.context, session.infrastructure, {
      targets: targets ?? session.infrastructure.servers.map(({ hostname }) => hostname),
      serversOnly: true,
      readOnly: this.globals.check,
    });
    const count = plan.graph.length;
    await carryOut(this, session, plan, {
      name: `server create ${plan.infra}`,
      command: 'server.create',
      kind: 'server',
      nothing: 'Nothing to do: the servers are there',
      done: `${count} ${count === 1 ? 'server' : 'servers'} created or changed`,
      question: `Create or change ${plan.graph.map(({ name }) => name).join(', ')}?`,
      confirm: hasChanges(plan) && session.configuration.get('preferences.confirm_deploy') !== false,
      next: ['provisioning server list', 'provisioning deploy installs the services'],
    });
  }
}
