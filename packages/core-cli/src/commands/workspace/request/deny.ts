import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { decide } from '../../../session/requests.ts';

export default class WorkspaceRequestDeny extends ProvisioningCommand {
  static override summary = 'Deny a request, with the reason (enterprise)';
  static override spec: CommandSpec = { access: 'w', workspace: false, sideEffect: 'update' };
  static override examples = [
    'provisioning workspace request deny WR-20260101-001 --reason "freeze until Monday"',
  ];
  static override args = { id: argument({ required: true, description: 'id of the request' }) };
  static override flags = {
    reason: string({ description: 'why', required: true }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkspaceRequestDeny);
    await decide(this, args.id!, 'denied', flags.reason);
  }
}
