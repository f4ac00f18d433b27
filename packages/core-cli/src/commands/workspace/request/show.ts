import { string as argument } from '@oclif/core/args';
import { ProvisioningCommand } from '../../../frame/command.ts';
import type { CommandSpec } from '../../../frame/metadata.ts';
import { openRequests, requestLines } from '../../../session/requests.ts';

export default class WorkspaceRequestShow extends ProvisioningCommand {
  static override summary = 'Show a request and who decided about it (enterprise)';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning workspace request show WR-20260101-001'];
  static override args = { id: argument({ required: true, description: 'id of the request' }) };

  async run(): Promise<void> {
    const { args } = await this.parse(WorkspaceRequestShow);
    const { requests, now } = await openRequests(this);
    const request = await requests.get(args.id!, now);
    await this.out.result(request, () => requestLines(request));
  }
}
