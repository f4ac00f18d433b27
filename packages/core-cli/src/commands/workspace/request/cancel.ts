import { string as argument } from '@oclif/core/args';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { decide } from '../../../session/requests.ts';

export default class WorkspaceRequestCancel extends ProvisioningCommand {
  static override summary = 'Withdraw a request of your own (enterprise)';
  static override spec: CommandSpec = { access: 'w', workspace: false, sideEffect: 'update' };
  static override examples = ['provisioning workspace request cancel WR-20260101-001'];
  static override args = { id: argument({ required: true, description: 'id of the request' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(WorkspaceRequestCancel);
    await decide(this, args.id!, 'cancelled');
  }
}
