import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { planDestroy } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { carryOut } from '../../plan/carry-out.ts';
import { targetsOf } from '../../server/targets.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

export default class ServerDelete extends ProvisioningCommand {
  static override summary = 'Delete servers';
  static override description =
    'Without names, all servers of the infrastructure. A locked server needs --force.';
  static override spec: CommandSpec = { access: 'd', sideEffect: 'delete' };
  static override examples = [
    'provisioning server delete web-01',
    'provisioning server delete web-01 --keepstorage --yes',
    'provisioning server delete --check',
  ];
  static override args = { server: argument({ multiple: true, description: 'hostnames; default all' }) };
  static override flags = {
    name: string({ description: 'hostname instead of the argument' }),
    servers: string({ description: 'hostnames instead of the argument', multiple: true }),
    'keep-storage': boolean({ description: 'leave volumes; also --keepstorage' }),
    force: boolean({ description: 'also when locked' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ServerDelete);
    await using session = await openInfrastructure(this);
    const targets = await targetsOf(session, args.server, flags);
    const plan = await planDestroy(session.context, session.infrastructure, {
      targets,
      keepStorage: flags['keep-storage'],
      force: flags.force,
    });
    const names = plan.changes.map(({ name }) => name).join(', ');
    const ask = session.configuration.get('preferences.confirm_delete') !== false;
    await carryOut(this, session, plan, {
      name: `server delete ${plan.infra}`,
      command: 'server.delete',
      kind: 'server',
      nothing: 'Nothing to do: there is no such server',
      done: `Server deleted: ${names}`,
      question: `Delete ${names}?`,
      destructive: true,
      confirm: ask || session.infrastructure.environment === 'production',
      typed: targets === undefined && plan.changes.length > 1 ? plan.infra : undefined,
    });
  }
}
