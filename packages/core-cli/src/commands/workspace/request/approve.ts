import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { decide } from '../../../session/requests.ts';

export default class WorkspaceRequestApprove extends ProvisioningCommand {
  static override summary = 'Approve a request as a member of a team (enterprise)';
  static override spec: CommandSpec = { access: 'w', workspace: false, sideEffect: 'update' };
  static override examples = ['provisioning workspace request approve WR-20260101-001'];
  static override args = { id: argument({ required: true, description: 'id of the request' }) };
  static override flags = {
    reason: string({ description: 'why' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkspaceRequestApprove);
    await decide(this, args.id!, 'approved', flags.reason);
  }
}
